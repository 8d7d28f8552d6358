using ECapture.Capture.Bpf;
using ECapture.Events;

namespace ECapture.Capture.Publishing;

/// <summary>Encoded flows by tuple: the SHA-1 of the flow id costs more than all the rest of an envelope.</summary>
internal sealed class FlowCache
{
    private const int Capacity = 8192;
    private readonly Dictionary<SocketTuple, byte[]> _flows = new(Capacity);
    private SocketTuple _last;
    private byte[] _lastFlow = [];

    /// <summary>The encoded flow of a tuple, empty when it has no addresses.</summary>
    internal byte[] Get(in SocketTuple tuple)
    {
        if (!tuple.HasAddresses)
        {
            return [];
        }

        if (_lastFlow.Length > 0 && tuple == _last)
        {
            return _lastFlow;
        }

        if (!_flows.TryGetValue(tuple, out byte[]? flow))
        {
            if (_flows.Count >= Capacity)
            {
                _flows.Clear();
            }

            _flows[tuple] = flow = Encode(tuple);
        }

        _last = tuple;
        _lastFlow = flow;
        return flow;
    }

    private static byte[] Encode(in SocketTuple tuple)
    {
        ReadOnlySpan<byte> local = tuple.Local;
        ReadOnlySpan<byte> remote = tuple.Remote;
        if (IsMapped(remote) && (IsMapped(local) || local.IndexOfAnyExcept((byte)0) < 0))
        {
            local = local[12..];
            remote = remote[12..];
        }

        return EventEncoder.EncodeFlow(local, tuple.LocalPort, remote, tuple.RemotePort, tuple.Protocol, tuple.Netns);
    }

    private static bool IsMapped(ReadOnlySpan<byte> address) =>
        address[..10].IndexOfAnyExcept((byte)0) < 0 && address[10] == 0xff && address[11] == 0xff;
}
