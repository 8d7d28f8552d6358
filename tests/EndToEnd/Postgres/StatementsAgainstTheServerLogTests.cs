using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Postgres;
using Outcome = ECapture.Events.V1.SqlStatement.Types.Outcome;

namespace ECapture.Tests.EndToEnd.Postgres;

/// <summary>Real clients against a real server; its own log is the oracle.</summary>
[Collection(CaptureCollection.Name)]
public sealed class StatementsAgainstTheServerLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-sql-").FullName;
    private const string PgBench = "/usr/lib/postgresql/15/bin/pgbench";
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    [Fact]
    public async Task Statements_OfEveryKindOfSession_EqualTheServersLog()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using LoggingPostgres server = await LoggingPostgres.StartAsync(cancellation);
        await using CaptureSession session = await CaptureSession.StartAsync("postgres");

        Assert.Equal(0, (await server.RunClientAsync(PgBench, ["-i", "-s", "1", "-q"])).ExitCode);
        await Task.WhenAll(
            PsqlAsync(server, tcp: false, "disable"),
            PsqlAsync(server, tcp: true, "disable"),
            PsqlAsync(server, tcp: true, "require"),
            PgBenchAsync(server, "simple", "disable"),
            PgBenchAsync(server, "extended", "require"),
            PgBenchAsync(server, "prepared", "disable"),
            PsycopgAsync(server));
        await server.RunClientAsync("psql", ["-c", $"select 'last {_marker}'"]);
        IReadOnlyList<LoggedStatement> logged = await server.ReadStatements($"last {_marker}", cancellation);
        IReadOnlyList<Event> events = await session.StopAsync();

        HashSet<uint> pids = [.. logged.Select(l => l.Pid)];
        ILookup<uint, string> captured = events
            .Where(e => e.SqlStatement is not null && pids.Contains(e.Process.Pid))
            .ToLookup(e => e.Process.Pid, e => Line(
                e.SqlStatement.User.ToStringUtf8(), e.SqlStatement.Database.ToStringUtf8(), e.SqlStatement.Client.ToStringUtf8(),
                e.SqlStatement.Statement.ToStringUtf8(), e.SqlStatement.ErrorCode));
        Assert.True(logged.Count > 1000, $"{logged.Count} statements in the log");
        Assert.True(pids.Count >= 18, $"{pids.Count} sessions in the log");
        foreach (IGrouping<uint, LoggedStatement> expected in logged.GroupBy(l => l.Pid))
        {
            Assert.Equal(expected.Select(l => Line(l.User, l.Database, l.Client, l.Text, l.ErrorCode)), captured[expected.Key]);
        }

        Assert.DoesNotContain(events, e => e.Loss is not null);
        Assert.DoesNotContain(events, e => e.ToString().Contains(PostgresCluster.Password, StringComparison.Ordinal));
        TestContext.Current.SendDiagnosticMessage($"{logged.Count} statements of {pids.Count} sessions, all captured");
    }

    [Fact]
    public async Task Statement_FieldsOfPsql_AreWhatItGot()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using LoggingPostgres server = await LoggingPostgres.StartAsync(cancellation);
        await using CaptureSession session = await CaptureSession.StartAsync("postgres");
        await server.RunClientAsync("psql", ["-c", $"select g, '{_marker} a' from generate_series(1,3) g"], tcp: true, sslMode: "require");
        await server.RunClientAsync("psql", ["-c", $"select 1/0, '{_marker} b'"]);
        await server.RunClientAsync("psql", ["-c", $"select pg_sleep(0.3), '{_marker} c'"]);
        IReadOnlyList<Event> events = await session.StopAsync();

        Event[] statements = [.. events.Where(e => e.SqlStatement?.Statement.ToStringUtf8().Contains(_marker, StringComparison.Ordinal) == true)];
        Assert.Equal(3, statements.Length);
        Assert.Equal(("SELECT 3", 3UL, Outcome.Ok), (statements[0].SqlStatement.CommandTag.ToStringUtf8(), statements[0].SqlStatement.Rows, statements[0].SqlStatement.Outcome));
        Assert.Equal("127.0.0.1", statements[0].SqlStatement.Client.ToStringUtf8());
        Assert.Equal((uint)server.Cluster.Port, statements[0].Flow.LocalPort);
        Assert.Equal("psql", statements[0].SqlStatement.Application.ToStringUtf8());
        Assert.Equal(("22012", "division by zero", Outcome.Error, false), (statements[1].SqlStatement.ErrorCode, statements[1].SqlStatement.ErrorMessage.ToStringUtf8(), statements[1].SqlStatement.Outcome, statements[1].SqlStatement.HasRows));
        Assert.Equal("local", statements[1].SqlStatement.Client.ToStringUtf8());
        Assert.InRange(statements[2].SqlStatement.DurationNs, 300_000_000UL, 60_000_000_000UL);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Line(string user, string database, string client, string text, string code) => $"{user} {database} {client} {code} {text}";

    private async Task PsqlAsync(LoggingPostgres server, bool tcp, string sslMode)
    {
        string script = $"""
            create temp table t(i int primary key, s text);
            insert into t values (1, '{_marker}'), (2, 'ünï ''quoted''');
            select * from t where s = $$dollar$$;
            selec syntax;
            select 1/0;
            begin; insert into t values (1, 'twice'); rollback;
            \copy t from program 'seq 10 12 | sed s/$/\\\\tx/'
            copy t to stdout;
            prepare p(int) as select * from t where i = $1;
            execute p(2);
            set statement_timeout = 50;
            select pg_sleep(5);
            reset statement_timeout;
            select 'a' \; select 'b';
            select repeat('{new string('l', 20_000)}', 3000) is null;
            select generate_series(1, 10000), repeat('row', 20);
            listen c; notify c;
            /* only a comment */;
            vacuum t;
            """;
        (int _, string output) = await server.RunClientAsync("psql", ["-X", "-q", "-o", "/dev/null", "-f", await WriteAsync(script, ".sql")], tcp, sslMode);
        Assert.Contains("division by zero", output, StringComparison.Ordinal);
        Assert.Contains("canceling statement", output, StringComparison.Ordinal);
    }

    private static async Task PgBenchAsync(LoggingPostgres server, string protocol, string sslMode)
    {
        (int code, string output) = await server.RunClientAsync(PgBench, ["-n", "-M", protocol, "-c", "4", "-t", "20"], tcp: true, sslMode);
        Assert.True(code == 0, output);
    }

    private async Task PsycopgAsync(LoggingPostgres server)
    {
        string script = $"""
            import psycopg
            with psycopg.connect(autocommit=True) as c:
                for i in range(8):  # prepared by the driver after the fifth
                    c.execute("select %s::int, %s::text, '{_marker}'", [i, None])
                try:
                    c.execute("select %s::int / 0", [1])
                except psycopg.Error: pass
                try:
                    c.execute("select %t::nothing", ["x"])
                except psycopg.Error: pass
                with c.pipeline():
                    for i in range(30):
                        c.execute("select %s::bigint + 1", [i])
                try:
                    with c.pipeline():
                        c.execute("select %s::text", ["before"])
                        c.execute("select %s::int / 0", [2])
                        c.execute("select %s::text", ["never runs"])
                except psycopg.Error: pass
                c.execute("create temp table u(i int)")
                with c.cursor() as k:
                    with k.copy("copy u from stdin") as copy:
                        for i in range(2000): copy.write_row([i])
                    k.executemany("insert into u values (%s)", [(i,) for i in range(20)])
                with c.transaction():
                    with c.cursor(name="s") as k:
                        k.execute("select * from u"); k.fetchmany(10); k.fetchall()
                c.execute("create temp table v(i int unique deferrable initially deferred)")
                try:
                    c.execute("insert into v select 1 from generate_series(1, %s)", [2])
                except psycopg.Error: pass
            """;
        (int code, string output) = await server.RunClientAsync("/usr/bin/python3", [await WriteAsync(script, ".py")], tcp: true, "disable");
        Assert.True(code == 0, $"{output} (package python3-psycopg)");
    }

    private async Task<string> WriteAsync(string text, string extension)
    {
        string file = Path.Combine(_folder, $"{Guid.NewGuid():N}{extension}");
        await File.WriteAllTextAsync(file, text);
        return file;
    }
}
