using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Protocols.Tls;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Modules.Packet;

/// <summary>
/// Captures whole frames of interfaces, each once, with the process that owns the socket, and ties the client random of every
/// ClientHello it sees to its flow. Without interfaces named: loopback and those with a default route.
/// </summary>
public sealed partial class PacketModule : IModule, IRecordHandler
{
    private const byte Tcp = 6;
    private const byte Udp = 17;

    private readonly Dictionary<uint, CaptureInterface> _interfaces = [];
    private readonly List<ITrafficLink> _links = [];
    private readonly HelloStarts _starts = new();
    private readonly bool _useTcx;
    private ModuleContext? _context;
    private BpfObject? _object;

    /// <summary>Creates the module.</summary>
    /// <param name="useTcx">False: attaches as on kernels before 6.6, which have no TCX.</param>
    public PacketModule(bool useTcx = true) => _useTcx = useTcx;

    /// <inheritdoc/>
    public string Name => "packet";

    /// <inheritdoc/>
    public string Summary => string.Join(", ", _interfaces.Values.Select(i => i.Name));

    /// <inheritdoc/>
    public IReadOnlyList<ModuleTarget> Targets => [.. _interfaces.Values.Select(i => new ModuleTarget(i.Name, "", "frames in both directions"))];

    /// <inheritdoc/>
    public void Start(ModuleContext context)
    {
        _context = context;
        IReadOnlyList<CaptureInterface> interfaces = CaptureInterface.Select(context.Options.Interfaces);
        _object = context.OpenObject(Name);
        BtfTypes types = _object.ReadTypes();
        RecordLayout.Check<PacketRecord>(types);
        RecordLayout.Check<InterfaceConfig>(types);
        _object.Load();
        context.Read(Name, _object, this);
        uint netns = context.Fit.Set == ObjectSet.Plain ? 0 : CaptureInterface.Namespace; // as sockets have it
        foreach (CaptureInterface each in interfaces)
        {
            Add(each, netns);
        }

        LogInterfaces(context.Loggers.CreateLogger<PacketModule>(), string.Join(", ", interfaces.Select(i => i.Name)));
    }

    /// <inheritdoc/>
    public void OnRecord(ReadOnlySpan<byte> record)
    {
        if (record.Length < Unsafe.SizeOf<PacketRecord>())
        {
            _context!.Losses.Count("ring:packet", "record too short");
            return;
        }

        ref readonly PacketRecord read = ref MemoryMarshal.AsRef<PacketRecord>(record);
        ReadOnlySpan<byte> frame = record[Unsafe.SizeOf<PacketRecord>()..];
        if (!_interfaces.TryGetValue(read.InterfaceIndex, out CaptureInterface? on))
        {
            _context!.Losses.Count("ring:packet", "frame of an unknown interface");
            return;
        }

        EventHeader header = EventHeader.From(read.Header);
        header.Socket = read.Tuple;
        _context!.Publisher.PublishPacket(
            header, (Direction)read.Direction, on.Name, read.InterfaceIndex, on.LinkType, read.OriginalLength, frame);
        if (read.PayloadAt > 0 && read.PayloadAt < frame.Length
            && frame[(int)read.PayloadAt..] is { Length: > 0 } payload)
        {
            if (read.Tuple.Protocol == Udp)
            {
                if (QuicInitial.IsFirst(payload))
                {
                    _context.Wire.Began(header, []);
                }
            }
            else if (ClientHello.TryParse(_starts.Join(SenderFirst(read), payload), out ClientHello hello))
            {
                PublishLink(header, hello);
                _context.Wire.Began(header, hello.Random);
                _context.Earlier.Ended(header.Socket);
            }
            else if (!_context.Earlier.IsEmpty && read.Tuple.Protocol == Tcp)
            {
                _context.Earlier.Saw(header, (Direction)read.Direction == Direction.Sent, frame, (int)read.PayloadAt);
            }
        }
    }

    private static SocketTuple SenderFirst(in PacketRecord record) => record.Direction == (uint)Direction.Sent ? record.Tuple : record.Tuple.Reversed();

    /// <inheritdoc/>
    public void Tick(ulong bootNs)
    {
        _context!.Wire.Tick(bootNs);
        _context.Earlier.Tick(bootNs);
    }

    /// <inheritdoc/>
    public void Detach()
    {
        foreach (ITrafficLink link in _links)
        {
            link.Dispose();
        }

        _links.Clear();
        _context?.Earlier.Dispose();
    }

    /// <summary>Says how many frames of excluded processes were left out.</summary>
    public void Flush()
    {
        if (_context!.Probes?.Of(Name) is { Excluded: > 0 and ulong excluded })
        {
            Event said = new()
            {
                AgentState = new AgentState
                {
                    State = AgentState.Types.State.Excluded,
                    Module = Name,
                    Detail = string.Create(CultureInfo.InvariantCulture, $"{excluded} frames of excluded processes"),
                },
            };
            _context.Publisher.Publish(Topics.Agent, new EventHeader { BootNs = _context.BootNs() }, said);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Detach();
        _object?.Dispose();
    }

    private void Add(CaptureInterface on, uint netns)
    {
        InterfaceConfig config = new()
        {
            Netns = netns,
            HeaderLength = on.IsEthernet ? 14u : 0u,
            IsLoopback = on.IsLoopback ? 1u : 0u,
        };
        _object!.Maps["interfaces"].Set((uint)on.Index, config);
        _interfaces[(uint)on.Index] = on;
        _links.Add(Attach("ecapture_in", on, isIngress: true));
        if (!on.IsLoopback)
        {
            _links.Add(Attach("ecapture_out", on, isIngress: false));
        }
    }

    private ITrafficLink Attach(string program, CaptureInterface on, bool isIngress)
    {
        int fd = _object!.ProgramFd(program);
        if (_useTcx)
        {
            const int InvalidArgument = 22;
            if (TcxLink.TryAttach(fd, on.Index, isIngress, out int error) is { } link)
            {
                return link;
            }

            if (error != InvalidArgument)
            {
                throw new CaptureException($"cannot capture on interface {on.Name}: {Marshal.GetPInvokeErrorMessage(error)}");
            }
        }

        return ClsactLink.Attach(fd, program, on.Index, isIngress);
    }

    private void PublishLink(in EventHeader header, in ClientHello hello)
    {
        ConnectionLink link = new()
        {
            Source = ConnectionLink.Types.Source.Wire,
            ClientRandom = ByteString.CopyFrom(hello.Random),
            ServerName = ByteString.CopyFrom(hello.ServerName),
            FromNs = header.BootNs,
        };
        _context!.Publisher.Publish(Topics.Connection, header, new Event { ConnectionLink = link });
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Frames are captured on {Interfaces}.")]
    private static partial void LogInterfaces(ILogger logger, string interfaces);
}
