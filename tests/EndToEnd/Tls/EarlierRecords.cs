using System.Buffers.Binary;
using ECapture.Events.V1;
using ECapture.Protocols.Tls;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>Captured records of connections that are older than the agent.</summary>
internal static class EarlierRecords
{
    private const int Ip = 14; // of a frame of the loopback
    private const int Tcp = Ip + 20;

    /// <summary>Fails when the record that a secret names was not made with it.</summary>
    internal static void AssertOpens(Event secret, IReadOnlyList<Event> events, uint clientPort)
    {
        RecordPosition position = secret.TlsSecret.Position;
        ReadOnlySpan<byte> record = events.Where(e => e.Packet is not null).Select(e => e.Packet.Data.Memory).First(f =>
            f.Length > Tcp + 20 && BinaryPrimitives.ReadUInt32BigEndian(f.Span[(Tcp + 4)..]) == position.TcpSequence
            && f.Length > Tcp + HeaderLength(f.Span) && (BinaryPrimitives.ReadUInt16BigEndian(f.Span[Tcp..]) == clientPort) == position.IsClients).Span;
        record = record[(Tcp + HeaderLength(record))..];
        record = record[..(5 + BinaryPrimitives.ReadUInt16BigEndian(record[3..]))];
        RecordSuite suite = RecordSuite.Find(position.CipherSuite)!;
        using RecordKeys keys = suite.IsTls13
            ? RecordKeys.FromTrafficSecret(suite, secret.TlsSecret.Secret.Span)
            : RecordKeys.FromMasterSecret(suite, secret.TlsSecret.Secret.Span, secret.TlsSecret.ClientRandom.Span, position.ServerRandom.Span, position.IsClients);

        Assert.NotEqual(-1, keys.Open(record, position.Record, new byte[record.Length]));
    }

    private static int HeaderLength(ReadOnlySpan<byte> frame) => (frame[Tcp + 12] >> 4) * 4;
}
