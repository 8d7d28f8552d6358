using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Tls;

namespace ECapture.Capture.Modules.Packet;

/// <summary>
/// Joins a ClientHello whose first segment ends before its client random does with the segments that follow, so that nobody begins TLS unseen by sending its first bytes one by one.
/// </summary>
internal sealed class HelloStarts
{
    /// <summary>A record's header, a handshake header, a version and the client random (RFC 8446, sections 4.1.2 and 5.1).</summary>
    internal const int NeededBytes = 43;

    private const int MostFlows = 4096;
    private const byte Handshake = 0x16;
    private const byte Major = 3;

    private readonly GenerationTable<SocketTuple, byte[]> _started = new(MostFlows);

    /// <summary>Takes what a flow sends.</summary>
    /// <param name="flow">Addresses, the sender's first.</param>
    /// <param name="payload">Of one TCP segment.</param>
    /// <returns>The payload, with what came before it in front where that is the start of a ClientHello.</returns>
    internal ReadOnlySpan<byte> Join(in SocketTuple flow, ReadOnlySpan<byte> payload)
    {
        bool mayStart = payload.Length < NeededBytes && payload[0] == Handshake && (payload.Length < 2 || payload[1] == Major);
        if (!mayStart && _started.Count == 0)
        {
            return payload; // nearly all frames
        }

        if (!_started.TryGet(flow, out byte[] before) || before.Length == 0)
        {
            if (mayStart)
            {
                _started.Set(flow, payload.ToArray());
            }

            return payload;
        }

        byte[] joined = [.. before, .. payload];
        _started.Set(flow, joined.Length < NeededBytes ? joined : []);
        return joined;
    }
}
