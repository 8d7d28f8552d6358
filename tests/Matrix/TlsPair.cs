using System.Net.NetworkInformation;
using System.Text;
using ECapture.Capture;
using ECapture.Events.V1;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;
using Microsoft.Extensions.Logging;

namespace ECapture.Tests.Matrix;

/// <summary>A server and a client that asks it for a page with a marker in its path; what was captured of both is compared with what went over the wire.</summary>
/// <param name="Module">The module under test.</param>
/// <param name="Program">Library or program with its version.</param>
/// <param name="Mode">TLS version and what else is done.</param>
/// <param name="StartServer">Starts the server on a port.</param>
/// <param name="RunClient">Runs the client against a port with a request.</param>
internal sealed record TlsPair(
    string Module, string Program, string Mode, Func<int, ServerProcess> StartServer, Func<int, string, Task<Ran>> RunClient)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Says of a client whether it did what the mode says: resumed its session. Default: nothing is asked.</summary>
    internal Func<Ran, string?> Check { get; init; } = _ => null;

    /// <summary>Requests that the server is asked: the first session of a resumed one is another client's.</summary>
    internal int AtServer { get; init; } = 1;

    /// <summary>Says of the packets whether they show what the mode says.</summary>
    internal Func<WireCapture, Task<string?>> CheckWire { get; init; } = _ => Task.FromResult<string?>(null);

    /// <summary>Requests that the client sends, each in a connection of its own.</summary>
    internal int AtClient { get; init; } = 1;

    /// <summary>False where the server says nothing.</summary>
    internal bool IsAnswered { get; init; } = true;

    /// <summary>False for a library that is too old to hand out secrets: it must be said.</summary>
    internal bool HasSecrets { get; init; } = true;

    /// <summary>False when only the client is under test.</summary>
    internal bool LooksAtServer { get; init; } = true;

    /// <summary>The client's program where its library is built in: it is run once before, so that it is found by what it holds. Null: none.</summary>
    internal string? BuiltIn { get; init; }

    /// <summary>What is looked for beside the secrets; a library without exported functions gives no plaintext.</summary>
    internal bool HasPlaintext { get; init; } = true;

    /// <summary>Runs it.</summary>
    internal async Task<IReadOnlyList<Cell>> RunAsync(CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-matrix").FullName;
        try
        {
            int port = FreePort.Next();
            string marker = $"m{Guid.NewGuid():n}";
            string request = $"GET /{marker} HTTP/1.0\r\n\r\n";
            await using ServerProcess server = StartServer(port);
            await server.WaitReadyAsync(_ => Task.FromResult(Listens(port)), s_patience, cancellationToken);
            // The server has loaded its library: the agent's start finds it, for the client of the same file, too.
            using SaidMessages said = new();
            using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(said));
            await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = [Module] }, loggers: loggers);
            if (BuiltIn is not null)
            {
                await Ran.RunAsync(BuiltIn, ["--version"], "", cancellationToken);
                await said.WaitForAsync(4 * s_patience, cancellationToken, "TLS library", BuiltIn, "probes");
            }

            await using WireCapture wire = await WireCapture.StartAsync(folder, port);
            Ran client = await RunClient(port, request);
            await wire.WaitForEndsAsync(1);
            string? why = Check(client) ?? await CheckWire(wire);
            bool[] sides = LooksAtServer ? [true, false] : [true];
            await WaitAsync(session, [.. sides.Select(s => s ? client.Pid : (uint)server.Id)]);
            IReadOnlyList<Event> events = await session.StopAsync();
            IReadOnlyList<int> ports = await wire.ClientPortsAsync();
            List<Cell> cells = [];
            foreach (bool isClient in sides)
            {
                Event[] own = [.. events.Where(e => e.Process?.Pid == (isClient ? client.Pid : (uint)server.Id))];
                int requests = isClient ? AtClient : AtServer;
                Dictionary<string, bool> facts = [];
                if (HasSecrets)
                {
                    facts["secrets decrypt"] = (await wire.DecryptAsync(KeyLog.Of(own))).Split('\n').Count(l => l.Contains("/" + marker, StringComparison.Ordinal)) >= requests;
                }
                else
                {
                    facts["said in a Coverage event"] = events.Any(e => e.Coverage?.Subject == "library" && e.Coverage.Reason.Contains("no key log", StringComparison.Ordinal));
                }

                if (HasPlaintext)
                {
                    facts["plaintext equals"] = Requests(own, isClient ? Direction.Sent : Direction.Received, request) == requests
                        && own.Any(e => e.TlsData?.Direction == (isClient ? Direction.Received : Direction.Sent)) == IsAnswered;
                }

                facts["tuple right"] = HasTuples(own, events, port, ports, isClient);
                cells.Add(new Cell(Module, Program, isClient ? "client" : "server", Mode, why is null ? facts : new Dictionary<string, bool>(), why ?? Explain(facts, client, own, events)));
            }

            return cells;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task WaitAsync(CaptureSession session, uint[] pids)
    {
        try
        {
            await session.Log.WaitUntilAsync(
                e => pids.All(p => (!HasSecrets || e.Any(s => s.TlsSecret is not null && s.Process.Pid == p))
                    && (!HasPlaintext || e.Where(s => s.TlsData is not null && s.Process.Pid == p).DistinctBy(s => s.TlsData.Direction).Count() == (IsAnswered ? 2 : 1))),
                s_patience, "secrets and plaintext");
        }
        catch (TimeoutException)
        {
            // The facts say what is missing.
        }
    }

    // Connections whose whole stream is the request.
    private static int Requests(Event[] events, Direction direction, string request) => events
        .Where(e => e.TlsData?.Direction == direction)
        .GroupBy(e => e.Connection)
        .Count(c => string.Concat(c.OrderBy(e => e.TlsData.Offset).Select(e => Encoding.Latin1.GetString(e.TlsData.Data.Span))) == request);

    // What a client sends in its first flight is read before the socket was used: its addresses are those that are told of its connection later.
    private bool HasTuples(Event[] own, IReadOnlyList<Event> all, int port, IReadOnlyList<int> clientPorts, bool isClient)
    {
        Dictionary<ulong, Flow> linked = all.Where(e => e.ConnectionLink is not null && e.Flow is not null).GroupBy(e => e.Connection).ToDictionary(g => g.Key, g => g.First().Flow);
        Flow?[] flows = [.. own.Where(e => e.TlsData is not null || (!HasPlaintext && e.TlsSecret is not null)).Select(e => e.Flow ?? linked.GetValueOrDefault(e.Connection))];
        return flows.Length > 0 && flows.All(f => f is not null
            && (isClient ? f.RemotePort : f.LocalPort) == port
            && clientPorts.Contains((int)(isClient ? f.LocalPort : f.RemotePort)));
    }

    private static string Explain(Dictionary<string, bool> facts, Ran client, Event[] own, IReadOnlyList<Event> all)
    {
        if (facts.Values.All(f => f))
        {
            return "";
        }

        string coverage = string.Join("; ", all.Where(e => e.Coverage is not null).Select(e => $"{e.Coverage.Target.ToStringUtf8()}: {e.Coverage.Reason}").Take(3));
        return $"{own.Count(e => e.TlsSecret is not null)} secrets, {own.Count(e => e.TlsData is not null)} pieces of plaintext; client ended with {client.ExitCode} {Last(client.Errors)}; {coverage}";
    }

    private static string Last(string text) => text.TrimEnd().Split('\n')[^1];

    private static bool Listens(int port) =>
        IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == port);
}
