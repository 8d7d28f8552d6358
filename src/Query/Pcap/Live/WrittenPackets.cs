using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap.Live;

/// <summary>The packets of the last seconds that are in the file: what is read again for the sake of late rows is not written again.</summary>
internal sealed class WrittenPackets
{
    private readonly HashSet<(long Time, ulong Flow, int Content)> _packets = [];
    private readonly Queue<(long Time, ulong Flow, int Content)> _order = new();

    /// <summary>Notes a packet.</summary>
    /// <returns>False when it is in the file.</returns>
    public bool Add(IPacketCursor packet)
    {
        var content = new HashCode();
        content.AddBytes(packet.Host);
        content.AddBytes(packet.Interface);
        content.AddBytes(packet.Data);
        (long, ulong, int) key = (packet.Time, packet.Flow, content.ToHashCode());
        if (!_packets.Add(key))
        {
            return false;
        }

        _order.Enqueue(key);
        return true;
    }

    /// <summary>Forgets packets from before a time.</summary>
    public void Forget(long before)
    {
        while (_order.TryPeek(out (long Time, ulong, int) oldest) && oldest.Time < before)
        {
            _packets.Remove(_order.Dequeue());
        }
    }
}
