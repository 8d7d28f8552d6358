using System.Buffers;
using System.Text;
using ECapture.Events;
using ECapture.Events.V1;

namespace ECapture.Terminal.Pcap;

/// <summary>
/// Pcapng mode: frames wait in the order of time until the keys of their session are in the file, at least <see cref="PcapOptions.Hold"/> and at most
/// <see cref="PcapOptions.LongestHold"/>, so the file can be decrypted while it grows. Nothing is allocated per frame but what its bytes lie in.
/// </summary>
internal sealed class LivePcapOutput : IEventOutput
{
    private const int MostOwners = 16_384;

    private readonly LivePcapFile _file;
    private readonly ItemOutput _notices;
    private readonly PcapOptions _options;
    private readonly ulong _hold;
    private readonly SessionKeys _sessions;
    private readonly PriorityQueue<HeldPacket, (ulong BootNs, ulong Number)> _held = new();
    private readonly List<(byte[] Name, int Id)> _interfaces = [];
    private readonly Dictionary<(uint Pid, ulong Start), PacketOwner> _owners = [];
    private ulong _number;
    private long _heldBytes;

    internal LivePcapOutput(LivePcapFile file, PcapOptions options, ItemOutput notices)
    {
        _file = file;
        _options = options;
        _notices = notices;
        _hold = Nanoseconds(options.Hold);
        _sessions = new SessionKeys(Nanoseconds(options.LongestHold));
    }

    /// <summary>Frames written.</summary>
    internal long Packets { get; private set; }

    /// <summary>Capture has begun: the file takes its name.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    internal void Begin() => _file.TakePlace();

    /// <inheritdoc/>
    public void Write(in ReceivedEvent received)
    {
        switch (received.Kind)
        {
            case Event.PacketFieldNumber:
                Hold(received);
                break;
            case Event.TlsSecretFieldNumber:
                OnSecret(received);
                break;
            case Event.ConnectionLinkFieldNumber when received.Fields.HasFlow && received.Fields.Payload.ClientRandom.Length == 32:
                _sessions.OnHello(received.Fields.FlowId, received.Fields.Payload.ClientRandom.Of(received.Encoded), received.Fields.BootNs);
                break;
            case Event.LossFieldNumber or Event.CoverageFieldNumber or Event.AgentStateFieldNumber:
                _notices.Write(received);
                break;
        }
    }

    /// <inheritdoc/>
    public void Tick(ulong nowNs)
    {
        Release(nowNs);
        _sessions.Tick(nowNs);
        _file.Flush();
        _notices.Tick(nowNs);
    }

    /// <inheritdoc/>
    public void Complete()
    {
        while (_held.TryDequeue(out HeldPacket packet, out _))
        {
            Finish(packet);
        }

        _file.Flush();
        _notices.Complete();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _notices.Dispose();
    }

    private static ulong Nanoseconds(TimeSpan time) => (ulong)time.Ticks * 100;

    private void Hold(in ReceivedEvent received)
    {
        EventFields fields = received.Fields;
        ReadOnlySpan<byte> frame = fields.Payload.Main.Of(received.Encoded);
        int id = InterfaceOf(received);
        HeldPacket packet = new()
        {
            Frame = ArrayPool<byte>.Shared.Rent(frame.Length),
            Length = frame.Length,
            OriginalLength = fields.Payload.OriginalLength,
            BootNs = fields.BootNs,
            WallNs = fields.WallNs,
            Flow = fields.HasFlow ? fields.FlowId : 0,
            Interface = id,
            Direction = fields.Payload.Direction,
            Owner = OwnerOf(received),
        };
        frame.CopyTo(packet.Frame);
        _held.Enqueue(packet, (packet.BootNs, _number++));
        _heldBytes += packet.Length;
        while (_heldBytes > _options.MostHeldBytes && _held.TryDequeue(out HeldPacket oldest, out _))
        {
            Finish(oldest);
        }
    }

    private void Release(ulong nowNs)
    {
        while (_held.TryPeek(out HeldPacket head, out _) && nowNs >= head.BootNs + _hold && !_sessions.IsWaiting(head.Flow, nowNs))
        {
            Finish(_held.Dequeue());
        }
    }

    private void Finish(in HeldPacket packet)
    {
        _heldBytes -= packet.Length;
        _file.Write(packet);
        Packets++;
        TerminalMetrics.Written.Add(1);
        ArrayPool<byte>.Shared.Return(packet.Frame);
    }

    private void OnSecret(in ReceivedEvent received)
    {
        PayloadFields payload = received.Fields.Payload;
        ReadOnlySpan<byte> label = payload.Label.Of(received.Encoded);
        ReadOnlySpan<byte> random = payload.ClientRandom.Of(received.Encoded);
        _file.AddSecret(Encoding.ASCII.GetString(label), random.ToArray(), payload.Main.Of(received.Encoded).ToArray(), received.Fields.BootNs);
        _sessions.OnSecret(label, random);
    }

    private int InterfaceOf(in ReceivedEvent received)
    {
        ReadOnlySpan<byte> name = received.Fields.Payload.Interface.Of(received.Encoded);
        foreach ((byte[] known, int id) in _interfaces)
        {
            if (name.SequenceEqual(known))
            {
                return id;
            }
        }

        Packet packet = received.Parse().Packet;
        int added = _file.AddInterface(packet.Interface, (ushort)packet.LinkType);
        _interfaces.Add((name.ToArray(), added));
        return added;
    }

    private PacketOwner? OwnerOf(in ReceivedEvent received)
    {
        EventFields fields = received.Fields;
        if (!fields.HasProcess || fields.Pid == 0)
        {
            return null;
        }

        ReadOnlySpan<byte> comm = fields.ProcessName.Of(received.Encoded);
        if (_owners.TryGetValue((fields.Pid, fields.ProcessStartNs), out PacketOwner? owner) && comm.SequenceEqual(owner.Comm))
        {
            return owner;
        }

        if (_owners.Count >= MostOwners)
        {
            _owners.Clear();
        }

        return _owners[(fields.Pid, fields.ProcessStartNs)] = new PacketOwner(fields.Pid, comm.ToArray());
    }
}
