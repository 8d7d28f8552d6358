using System.Diagnostics;
using System.Globalization;
using ECapture.Events.V1;
using ECapture.Tests.Support.MariaDb;

namespace ECapture.Benchmarks.Capture;

/// <summary>MariaDB with a lookup by key, four clients of mariadb-slap.</summary>
internal sealed class MariaDbWorkload : IWorkload
{
    private const string Statement = "select s from shop.t where i = 1";
    private const int StatementsPerSecond = 5_000; // mariadb-slap is given a number of statements, not a time
    private readonly MariaDbServer _server;

    private MariaDbWorkload(MariaDbServer server) => _server = server;

    public string Name => "mariadb";

    public string Unit => "statements";

    public IReadOnlyList<CaptureMode> Modes { get; } = [new("agent: statements", ["--modules", "mysqld"], IsCounted: true)];

    public static async Task<MariaDbWorkload> StartAsync()
    {
        MariaDbServer server = await MariaDbServer.StartAsync(CancellationToken.None);
        // What the tests compare with is no part of the measurement.
        await CheckAsync(server.RunClientAsync("mariadb", ["-e", "set global general_log = 0; set global server_audit_logging = 0; insert into shop.t values (1, 'one', now())"]));
        return new MariaDbWorkload(server);
    }

    public async Task<(long Count, double Seconds)> LoadAsync(int seconds, int perSecond = 0)
    {
        if (perSecond > 0)
        {
            throw new ArgumentOutOfRangeException(nameof(perSecond), perSecond, "mariadb-slap takes no rate");
        }

        int statements = StatementsPerSecond * seconds;
        Stopwatch watch = Stopwatch.StartNew();
        await CheckAsync(_server.RunClientAsync(
            "mariadb-slap",
            ["--no-drop", "--create-schema=shop", "--concurrency=4", "--iterations=1", "--query=" + Statement, "--number-of-queries=" + statements.ToString(CultureInfo.InvariantCulture)],
            tcp: true));
        return (statements, watch.Elapsed.TotalSeconds);
    }

    public bool IsCaptured(Event e) => e.SqlStatement is { } sql && e.Topic == "mysqld" && sql.Statement.ToStringUtf8() == Statement;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task CheckAsync(Task<(int ExitCode, string Output)> run)
    {
        if (await run is { ExitCode: not 0 } failed)
        {
            throw new InvalidOperationException($"a client of MariaDB ended with {failed.ExitCode}: {failed.Output}");
        }
    }
}
