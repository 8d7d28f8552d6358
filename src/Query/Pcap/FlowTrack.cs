using System.Text;
using ECapture.Pcapng;
using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>Follows the packets of one flow through its sessions while the file is written, and keeps the options that they share.</summary>
internal sealed class FlowTrack(FlowSessions flow, string? hostInComments)
{
    private readonly byte[] _host = Encoding.UTF8.GetBytes(flow.Key.Host);
    private readonly List<(uint Pid, byte[] Name, ushort Port, byte Direction, byte[] Options)> _options = [];
    private int _at = -1;

    public bool Is(ReadOnlySpan<byte> host, uint networkNamespace) => networkNamespace == flow.Key.NetworkNamespace && host.SequenceEqual(_host);

    /// <summary>True when the packet belongs to a session that is wanted. Packets come in the order of time.</summary>
    public bool Wants(IPacketCursor packet)
    {
        long time = packet.Time;
        IReadOnlyList<Session> sessions = flow.Sessions;
        while (_at + 1 < sessions.Count && time >= sessions[_at + 1].ZoneFrom)
        {
            Session next = sessions[_at + 1];
            // Before its known begin a session starts with its SYN; the first one is known to have nobody before it.
            if (time < next.From && _at >= 0 && !TcpHeader.IsOpening(packet.Data, out _))
            {
                break;
            }

            _at++;
            _options.Clear();
        }

        return _at >= 0 && sessions[_at].IsMatched && time < sessions[_at].LastPossible;
    }

    /// <summary>The session of the packet that was last wanted.</summary>
    public Session Current => flow.Sessions[_at];

    /// <summary>The options of the packet: direction, and its process or, where the agent did not know it yet, the session's.</summary>
    public ReadOnlySpan<byte> Options(IPacketCursor packet)
    {
        uint pid = packet.Pid;
        ushort port = packet.LocalPort;
        byte direction = packet.Direction;
        ReadOnlySpan<byte> name = packet.Process;
        foreach ((uint knownPid, byte[] knownName, ushort knownPort, byte knownDirection, byte[] known) in _options)
        {
            if (pid == knownPid && port == knownPort && direction == knownDirection && name.SequenceEqual(knownName))
            {
                return known;
            }
        }

        byte[] options = Encode(pid, name, port, direction);
        if (_options.Count < 32)
        {
            _options.Add((pid, name.ToArray(), port, direction, options));
        }

        return options;
    }

    private byte[] Encode(uint pid, ReadOnlySpan<byte> name, ushort port, byte direction)
    {
        string text = Encoding.UTF8.GetString(name);
        if (pid == 0)
        {
            Dictionary<ushort, ProcessFact> known = flow.Sessions[_at].Processes;
            ProcessFact? process = known.GetValueOrDefault(port) ?? (port == 0 && known.Count == 1 ? known.Values.First() : null);
            pid = process?.Pid ?? 0;
            text = process?.Name ?? "";
        }

        string comment = pid == 0 ? "" : ProcessComment.Of(text, pid, hostInComments);
        return PacketOptions.Encode(
            direction switch
            {
                (byte)Events.V1.Direction.Received => PacketDirection.Inbound,
                (byte)Events.V1.Direction.Sent => PacketDirection.Outbound,
                _ => PacketDirection.Unknown,
            },
            pid, 0, comment);
    }
}
