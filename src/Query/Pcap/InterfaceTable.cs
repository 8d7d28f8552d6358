using System.Text;
using ECapture.Pcapng;
using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>Interfaces of the file by host and name.</summary>
internal sealed class InterfaceTable(PcapngWriter writer)
{
    private readonly List<(byte[] Host, byte[] Name, int Id)> _known = [];
    private int _last;

    public void Add(StoredInterface description)
    {
        int id = writer.WriteInterface(new PcapngInterface(description.Name, description.LinkType, "host " + description.Host));
        _known.Add((Encoding.UTF8.GetBytes(description.Host), Encoding.UTF8.GetBytes(description.Name), id));
    }

    /// <summary>Writes an interface that has no block yet.</summary>
    public void AddNew(StoredInterface description)
    {
        byte[] host = Encoding.UTF8.GetBytes(description.Host);
        byte[] name = Encoding.UTF8.GetBytes(description.Name);
        if (!_known.Exists(k => k.Name.AsSpan().SequenceEqual(name) && k.Host.AsSpan().SequenceEqual(host)))
        {
            Add(description);
        }
    }

    /// <summary>The number of an interface; one that is not known yet gets its block here.</summary>
    public int Find(IPacketCursor packet)
    {
        ReadOnlySpan<byte> host = packet.Host;
        ReadOnlySpan<byte> name = packet.Interface;
        if (_last < _known.Count && name.SequenceEqual(_known[_last].Name) && host.SequenceEqual(_known[_last].Host))
        {
            return _known[_last].Id;
        }

        for (int i = 0; i < _known.Count; i++)
        {
            if (name.SequenceEqual(_known[i].Name) && host.SequenceEqual(_known[i].Host))
            {
                _last = i;
                return _known[i].Id;
            }
        }

        // A block may also stand between packets. One that is not listed and says nothing of itself was stored since.
        Add(new StoredInterface(Encoding.UTF8.GetString(host), Encoding.UTF8.GetString(name), packet.LinkType == 0 ? StoredInterface.Ethernet : packet.LinkType));
        _last = _known.Count - 1;
        return _known[_last].Id;
    }
}
