using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Link types by host and interface: they stand only in the events, so one packet of each interface is looked at.</summary>
internal sealed class LinkTypes
{
    private const int Most = 256;

    private readonly List<(byte[] Host, byte[] Name, ushort Type)> _known = [];
    private int _last;

    /// <exception cref="StoreException">The packet is no event.</exception>
    public ushort Of(PacketCopy packet)
    {
        ReadOnlySpan<byte> host = packet.Host;
        ReadOnlySpan<byte> name = packet.Interface;
        if (_last < _known.Count && name.SequenceEqual(_known[_last].Name) && host.SequenceEqual(_known[_last].Host))
        {
            return _known[_last].Type;
        }

        for (int i = 0; i < _known.Count; i++)
        {
            if (name.SequenceEqual(_known[i].Name) && host.SequenceEqual(_known[i].Host))
            {
                _last = i;
                return _known[i].Type;
            }
        }

        ushort type = Read(packet.Event);
        if (_known.Count < Most)
        {
            _known.Add((host.ToArray(), name.ToArray(), type));
        }

        return type;
    }

    /// <summary>The link type that a packet's event says.</summary>
    /// <exception cref="StoreException">It is no event.</exception>
    public static ushort Read(ReadOnlySpan<byte> encoded)
    {
        try
        {
            return (ushort)(Event.Parser.ParseFrom(encoded).Packet?.LinkType ?? StoredInterface.Ethernet);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw RebuiltEvent.IsNone(e);
        }
    }
}
