using System.Buffers;
using System.Net.Sockets;
using ECapture.Cli.Options;
using ECapture.Events.V1;
using ECapture.Terminal;
using ECapture.Terminal.Delivery;
using ECapture.Terminal.ECaptureQ;
using ECapture.Terminal.Json;
using ECapture.Terminal.KeyLogs;
using ECapture.Terminal.Pcap;
using ECapture.Terminal.Text;
using Google.Protobuf;

namespace ECapture.Cli.Commands;

/// <summary>The output that a plan asks for, opened.</summary>
internal sealed class TerminalOutputs : IDisposable
{
    private readonly TerminalPlan _plan;
    private readonly List<Route> _routes = [];
    private QServer? _clients;
    private ItemOutput _items = null!;

    private TerminalOutputs(TerminalPlan plan) => _plan = plan;

    /// <summary>Takes the events.</summary>
    internal IEventOutput Output { get; private set; } = null!;

    /// <summary>Only commands that ended with this status; null: all. Set between two events.</summary>
    internal int? ExitStatus
    {
        set => _items.ExitStatus = value;
    }

    /// <summary>Capture has begun.</summary>
    /// <exception cref="IOException">The file cannot take its place.</exception>
    internal void Begin() => (Output as LivePcapOutput)?.Begin();

    /// <summary>Opens everything; on failure nothing stays open.</summary>
    /// <exception cref="UsageException">A file cannot be written, a server does not answer.</exception>
    internal static async Task<TerminalOutputs> OpenAsync(TerminalPlan plan, CancellationToken cancellationToken)
    {
        TerminalOutputs outputs = new(plan);
        try
        {
            await outputs.OpenAsync(cancellationToken);
            return outputs;
        }
        catch
        {
            outputs.Dispose();
            throw;
        }
    }

    /// <summary>Tells the user something of the command itself.</summary>
    internal void Say(string what)
    {
        Console.Error.WriteLine("ecapture: " + what);
        _clients?.Say(what);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Output is { } output)
        {
            output.Dispose();
            return;
        }

        _routes.ForEach(r => r.Target.Dispose());
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        bool isText = _plan.Mode == TerminalMode.Text;
        if (isText)
        {
            _routes.Add(new Route(
                _plan.IsJson ? new ItemJsonFormat(_plan.Text) : new TextFormat(_plan.Text, _plan.Text.Current.Colours),
                new StreamTarget(Console.OpenStandardOutput()),
                TakesItems: true,
                TakesNotices: false));
        }

        _routes.Add(new Route(
            new TextFormat(_plan.Text, _plan.Text.Current.Colours && !Console.IsErrorRedirected),
            new StreamTarget(Console.OpenStandardError()),
            TakesItems: false,
            TakesNotices: true));
        TerminalDestinations destinations = _plan.Destinations;
        if (destinations.Events is { } events)
        {
            await AddAsync(TerminalOptions.EventAddress.Name, events, takesItems: isText, takesNotices: false, cancellationToken);
        }

        if (destinations.Log is { } log)
        {
            await AddAsync(TerminalOptions.LogAddress.Name, log, takesItems: isText && destinations.Events is null, takesNotices: true, cancellationToken);
        }

        if (destinations.Clients is { } clients)
        {
            await ServeAsync(clients, cancellationToken);
        }

        _items = new ItemOutput(_routes, _plan.ExitStatus);
        Output = _plan.Mode switch
        {
            TerminalMode.KeyLog => new KeyLogOutput(Open(TerminalOptions.KeyLogFile.Name, _plan.File!, KeyLogFile.Open), _items),
            TerminalMode.Pcapng => Packets(),
            _ => _items,
        };
    }

    private LivePcapOutput Packets()
    {
        PcapOptions options = new() { RotateBytes = _plan.RotateBytes, RotateAfter = _plan.RotateAfter };
        return new LivePcapOutput(
            Open(TerminalOptions.PcapFile.Name, _plan.File!, path => LivePcapFile.Open(path, options)), options, _items);
    }

    private async Task AddAsync(string option, TargetAddress address, bool takesItems, bool takesNotices, CancellationToken cancellationToken)
    {
        string format = takesItems ? _plan.Destinations.Format : "text";
        IItemFormat? form = format switch
        {
            "text" => new TextFormat(_plan.Text, colours: false),
            "json" => new ItemJsonFormat(_plan.Text),
            _ => null,
        };
        IRecordTarget target = address.Server is { } server
            ? await ConnectAsync(option, address.Text, server, form, cancellationToken)
            : Open(option, address.Text, path => RotatingFile.Open(path, _plan.Destinations.Files));

        // A WebSocket message has a length of its own.
        bool isStream = address.Server is null or { Scheme: "tcp" };
        _routes.Add(new Route(form, form is null && isStream ? new LengthPrefixed(target) : target, takesItems, takesNotices));
    }

    private async Task<RemoteTarget> ConnectAsync(string option, string name, Uri server, IItemFormat? form, CancellationToken cancellationToken)
    {
        bool isText = form is not null;
        RemoteTarget target = new(
            name,
            () => server.Scheme == "tcp" ? new TcpChannel(server.Host.Trim('[', ']'), server.Port) : new WebSocketChannel(server, isText),
            lost => Declare(form, name, lost, isStream: server.Scheme == "tcp"),
            new RemoteOptions(),
            Say);
        try
        {
            await target.StartAsync(cancellationToken);
            return target;
        }
        catch (IOException e)
        {
            target.Dispose();
            throw new UsageException($"{option}: {name} does not answer: {e.Message}");
        }
    }

    private async Task ServeAsync(QServerOptions options, CancellationToken cancellationToken)
    {
        _clients = new QServer(options, Say);
        _routes.Add(new Route(new LogEntryFormat(new TextFormat(_plan.Text, colours: false)), _clients, TakesItems: true, TakesNotices: true));
        try
        {
            await _clients.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new UsageException($"{TerminalOptions.ECaptureQ.Name}: cannot listen on {options.Address.OriginalString}: {e.Message}");
        }

        Say($"eCaptureQ's clients connect to {_clients.Address}");
    }

    private static byte[] Declare(IItemFormat? form, string name, long lost, bool isStream)
    {
        Event loss = new()
        {
            WallNs = (ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100,
            Loss = new Loss { Where = name, Why = "the receiver did not take them in time", Records = (ulong)lost },
        };
        if (form is null)
        {
            return isStream ? Delimited(loss) : loss.ToByteArray();
        }

        ArrayBufferWriter<byte> record = new();
        form.Write(new NoticeItem("agent", loss), record);
        return record.WrittenSpan.ToArray();
    }

    private static byte[] Delimited(Event e)
    {
        using MemoryStream record = new();
        e.WriteDelimitedTo(record);
        return record.ToArray();
    }

    private static T Open<T>(string option, string path, Func<string, T> open)
    {
        try
        {
            return open(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{option}: cannot write {path}: {e.Message}");
        }
    }
}
