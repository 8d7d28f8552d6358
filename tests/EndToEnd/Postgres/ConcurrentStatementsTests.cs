using System.Globalization;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Postgres;
using Format = ECapture.Events.V1.SqlStatement.Types.Parameter.Types.Format;

namespace ECapture.Tests.EndToEnd.Postgres;

/// <summary>64 sessions of pgbench at once, in its three protocol modes, and 10,048 statements: each session's are those of the server's log.</summary>
[Collection(CaptureCollection.Name)]
public sealed class ConcurrentStatementsTests : IDisposable
{
    private const string PgBench = "/usr/lib/postgresql/15/bin/pgbench";
    private const int Transactions = 157; // of each client
    private static readonly (string Protocol, int Clients, string SslMode, string Host)[] s_runs =
        [("simple", 22, "disable", "127.0.0.1"), ("extended", 21, "require", "127.0.0.1"), ("prepared", 21, "disable", "::1")];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-pgcrowd-").FullName;
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Statements_ManySessionsAtOnce_NothingMissingNothingCrossed()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        int expected = s_runs.Sum(r => r.Clients) * Transactions;
        string script = Path.Combine(_folder, "script");
        await File.WriteAllTextAsync(script, $"\\set n :n + 1\nselect '{_marker}', :client_id::int, :n::int;\n", cancellation);
        await using LoggingPostgres server = await LoggingPostgres.StartAsync(cancellation, "max_connections=100", "listen_addresses=127.0.0.1,::1");
        await using CaptureSession session = await CaptureSession.StartAsync("postgres");

        await Task.WhenAll(s_runs.Select(async run =>
        {
            (int code, string output) = await server.RunClientAsync(
                PgBench, ["-h", run.Host, "-n", "-M", run.Protocol, "-c", Text(run.Clients), "-j", "2", "-t", Text(Transactions), "-D", "n=0", "-f", script], tcp: true, run.SslMode);
            Assert.True(code == 0, output);
        }));
        await server.RunClientAsync("psql", ["-c", $"select 'last {_marker}'"]);
        LoggedStatement[] logged = [.. (await server.ReadStatements($"last {_marker}", cancellation)).Where(l => IsOne(l.Text))];
        await session.Log.WaitUntilAsync(e => e.Count(s => s.SqlStatement is not null) > expected, s_patience, $"{expected} statements");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal([], events.Where(e => e.Loss is not null).Select(e => e.ToString()));
        Assert.Equal(expected, logged.Length);
        ILookup<uint, Event> captured = events.Where(e => e.SqlStatement is not null && IsOne(e.SqlStatement.Statement.ToStringUtf8())).ToLookup(e => e.Process.Pid);
        Assert.Equal(s_runs.Sum(r => r.Clients), captured.Count);
        Assert.Equal(21, captured.Count(c => c.All(e => e.SqlStatement.Client.ToStringUtf8() == "::1" && e.Flow.LocalAddress.Length == 16)));
        foreach (IGrouping<uint, LoggedStatement> own in logged.GroupBy(l => l.Pid))
        {
            Assert.Equal(own.Select(l => $"{l.User} {l.Database} {l.Client} {l.ErrorCode} {l.Text} {l.Parameters}"), captured[own.Key].Select(Line));
            Assert.Single(captured[own.Key].Select(e => (e.Connection, e.Flow.Id, e.Flow.RemotePort)).Distinct());
        }
    }

    private bool IsOne(string text) => text.StartsWith("select", StringComparison.Ordinal) && text.Contains($"'{_marker}'", StringComparison.Ordinal);

    private static string Line(Event e)
    {
        SqlStatement s = e.SqlStatement;
        string parameters = string.Join(", ", s.Parameters.Select((p, i) => $"${i + 1} = {(p.Format == Format.Null ? "NULL" : $"'{p.Value.ToStringUtf8()}'")}"));
        return $"{s.User.ToStringUtf8()} {s.Database.ToStringUtf8()} {s.Client.ToStringUtf8()} {s.ErrorCode} {s.Statement.ToStringUtf8()} {parameters}";
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
