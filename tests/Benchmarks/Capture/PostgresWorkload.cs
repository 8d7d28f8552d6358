using System.Globalization;
using System.Text.RegularExpressions;
using ECapture.Events.V1;
using ECapture.Tests.Support.Postgres;

namespace ECapture.Benchmarks.Capture;

/// <summary>PostgreSQL with pgbench's read-only transactions, prepared, four clients.</summary>
internal sealed partial class PostgresWorkload : IWorkload
{
    private const string Pgbench = "/usr/lib/postgresql/15/bin/pgbench";
    private const string Database = "bench";
    private readonly PostgresCluster _cluster;

    private PostgresWorkload(PostgresCluster cluster) => _cluster = cluster;

    public string Name => "postgres";

    public string Unit => "statements";

    public IReadOnlyList<CaptureMode> Modes { get; } = [new("agent: statements", ["--modules", "postgres"], IsCounted: true)];

    public static async Task<PostgresWorkload> StartAsync()
    {
        PostgresCluster cluster = await PostgresCluster.StartAsync(CancellationToken.None);
        await cluster.CreateDatabaseAsync(Database, CancellationToken.None);
        PostgresWorkload workload = new(cluster);
        await workload.RunAsync("-i", "-q", "-s", "1");
        return workload;
    }

    public async Task<(long Count, double Seconds)> LoadAsync(int seconds, int perSecond = 0)
    {
        string output = await RunAsync(["-S", "-M", "prepared", "-c", "4", "-n", "-T", Text(seconds), .. perSecond > 0 ? ["-R", Text(perSecond)] : Array.Empty<string>()]);
        Match count = Processed().Match(output);
        Match rate = Rate().Match(output);
        if (!count.Success || !rate.Success)
        {
            throw new InvalidOperationException("pgbench said: " + output);
        }

        long statements = long.Parse(count.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return (statements, statements / double.Parse(rate.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
    }

    public bool IsCaptured(Event e) =>
        e.SqlStatement is { } sql && e.Topic == "postgres" && sql.Database.Span.SequenceEqual("bench"u8) && sql.Statement.Span.StartsWith("SELECT abalance"u8);

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private Task<string> RunAsync(params string[] arguments) => Tool.RunAsync(
        Pgbench,
        ["-h", "127.0.0.1", "-p", _cluster.Port.ToString(CultureInfo.InvariantCulture), "-U", PostgresCluster.User, .. arguments, Database],
        ("PGPASSWORD", PostgresCluster.Password));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"actually processed: (\d+)")]
    private static partial Regex Processed();

    [GeneratedRegex(@"tps = ([\d.]+)")]
    private static partial Regex Rate();
}
