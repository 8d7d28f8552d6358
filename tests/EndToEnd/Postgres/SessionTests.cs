using ECapture.Capture;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Postgres;
using Npgsql;
using Format = ECapture.Events.V1.SqlStatement.Types.Parameter.Types.Format;
using Outcome = ECapture.Events.V1.SqlStatement.Types.Outcome;
using Diagnosed = System.Diagnostics.Process;

namespace ECapture.Tests.EndToEnd.Postgres;

[Collection(CaptureCollection.Name)]
public sealed class SessionTests
{
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    [Theory]
    [InlineData(false, "disable", "local")]
    [InlineData(true, "disable", "127.0.0.1")]
    [InlineData(true, "require", "127.0.0.1")]
    public async Task Session_OlderThanTheAgent_IsSeenFromItsFirstStatement(bool tcp, string sslMode, string client)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using LoggingPostgres server = await LoggingPostgres.StartAsync(cancellation);
        using Diagnosed psql = server.StartClient("psql", ["-X", "-A", "-t"], tcp, sslMode);
        await SayAsync(psql, "select 'ready'", cancellation);
        await using CaptureSession session = await CaptureSession.StartAsync("postgres");
        await SayAsync(psql, $"select 'first {_marker}'", cancellation);
        await SayAsync(psql, $"select 'second {_marker}'", cancellation);
        psql.StandardInput.Close();
        await psql.WaitForExitAsync(cancellation);
        IReadOnlyList<Event> events = await session.StopAsync();

        SqlStatement[] statements = Marked(events);
        Assert.Equal([$"select 'first {_marker}';", $"select 'second {_marker}';"], statements.Select(s => s.Statement.ToStringUtf8()));
        Assert.All(statements, s =>
        {
            Assert.Equal("postgres", s.User.ToStringUtf8());
            Assert.Equal("postgres", s.Database.ToStringUtf8());
            Assert.Equal(client, s.Client.ToStringUtf8());
            Assert.Equal((Outcome.Ok, 1UL), (s.Outcome, s.Rows));
        });
    }

    [Fact]
    public async Task Session_OfTheAgentItself_IsLeftOutAndSaidSo()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using LoggingPostgres server = await LoggingPostgres.StartAsync(cancellation);
        await using CaptureSession session = await CaptureSession.StartAsync("postgres");
        foreach (string host in new[] { "127.0.0.1", server.Cluster.SocketFolder })
        {
            await using NpgsqlConnection connection = new(server.Cluster.ConnectionString("postgres") + $";Host={host}");
            await connection.OpenAsync(cancellation);
            await using NpgsqlCommand command = new($"select 'own {_marker}'", connection);
            Assert.Equal($"own {_marker}", await command.ExecuteScalarAsync(cancellation));
        }

        await server.RunClientAsync("psql", ["-c", $"set application_name = 'ecapture'; select 'other {_marker}'"]);
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Contains("other", Assert.Single(Marked(events)).Statement.ToStringUtf8(), StringComparison.Ordinal);
        Event excluded = Assert.Single(events, e => e.AgentState is { State: AgentState.Types.State.Excluded, Module: "postgres" });
        Assert.Contains($"{Environment.ProcessId}", excluded.AgentState.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_OfAnExcludedUser_IsLeftOut()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using LoggingPostgres server = await LoggingPostgres.StartAsync(cancellation);
        await server.RunClientAsync("psql", ["-c", "create role sink superuser login password 'cluster-password'"]);
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["postgres"], ExcludedDatabaseUsers = ["sink"] });
        await server.RunClientAsync("psql", ["-U", "sink", "-c", $"select 'sink {_marker}'"]);
        await server.RunClientAsync("psql", ["-c", $"select 'other {_marker}'"]);
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal($"select 'other {_marker}'", Assert.Single(Marked(events)).Statement.ToStringUtf8());
        Assert.Single(events, e => e.AgentState is { State: AgentState.Types.State.Excluded, Detail: "sessions of database user sink" });
    }

    [Fact]
    public async Task Statement_RunningWhenTheAgentStops_IsIncomplete()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using LoggingPostgres server = await LoggingPostgres.StartAsync(cancellation);
        await using CaptureSession session = await CaptureSession.StartAsync("postgres");
        using Diagnosed psql = server.StartClient("psql", ["-X", "-c", $"select pg_sleep(60), '{_marker}'"]);
        await server.ReadStatements(_marker, cancellation);
        IReadOnlyList<Event> events = await session.StopAsync();
        psql.Kill();
        await psql.WaitForExitAsync(cancellation);

        Assert.Equal(Outcome.Incomplete, Assert.Single(Marked(events)).Outcome);
    }

    [Fact]
    public async Task Statement_ServerProcessKilled_IsIncomplete()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using LoggingPostgres server = await LoggingPostgres.StartAsync(cancellation);
        await using CaptureSession session = await CaptureSession.StartAsync("postgres");
        using Diagnosed psql = server.StartClient("psql", ["-X", "-c", $"select pg_sleep(60), '{_marker}'"]);
        uint pid = (await server.ReadStatements(_marker, cancellation)).First(s => s.Text.Contains(_marker, StringComparison.Ordinal)).Pid;
        using (Diagnosed backend = Diagnosed.GetProcessById((int)pid))
        {
            backend.Kill();
        }

        Event ended = await session.WaitForAsync(e => e.SqlStatement?.Statement.ToStringUtf8().Contains(_marker, StringComparison.Ordinal) == true, "the statement");
        await psql.WaitForExitAsync(cancellation);

        Assert.Equal(Outcome.Incomplete, ended.SqlStatement.Outcome);
    }

    [Fact]
    public async Task Statement_LargeTextAndLargeResult_AreWholeOrSaidToBeCut()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using LoggingPostgres server = await LoggingPostgres.StartAsync(cancellation);
        await using CaptureSession session = await CaptureSession.StartAsync("postgres");
        using Diagnosed psql = server.StartClient("psql", ["-X", "-q", "-o", "/dev/null"]);
        await psql.StandardInput.WriteLineAsync($"select '{_marker} {new string('a', 900_000)}' is null;");
        await psql.StandardInput.WriteLineAsync($"select '{_marker} {new string('b', 3_000_000)}' is null;");
        await psql.StandardInput.WriteLineAsync($"select repeat('{_marker}', 1000000);"); // one row of 33 MB
        await psql.StandardInput.WriteLineAsync($"select repeat('x', 100) from generate_series(1, 20000) /* {_marker} */;");
        psql.StandardInput.Close();
        await psql.WaitForExitAsync(cancellation);
        IReadOnlyList<Event> events = await session.StopAsync();

        Event[] marked = [.. events.Where(e => e.SqlStatement?.Statement.ToStringUtf8().Contains(_marker, StringComparison.Ordinal) == true)];
        Assert.True(
            marked.Length == 4 && marked.All(e => e.SqlStatement.Outcome == Outcome.Ok) && !events.Any(e => e.Loss is not null),
            string.Join('\n', marked.Select(e => $"{e.SqlStatement.Statement.ToStringUtf8()[..40]} {e.SqlStatement.Outcome} {e.SqlStatement.CommandTag.ToStringUtf8()} {e.SqlStatement.DurationNs}"))
            + string.Join('\n', events.Where(e => e.Loss is not null)));
        Assert.Equal([1UL, 1UL, 1UL, 20_000UL], marked.Select(e => e.SqlStatement.Rows));
        Assert.Null(marked[0].Truncation);
        Assert.Equal(900_000 + _marker.Length + 19, marked[0].SqlStatement.Statement.Length);
        Assert.Equal(1 << 20, marked[1].SqlStatement.Statement.Length);
        Assert.Equal(3_000_000UL + (ulong)_marker.Length + 19, marked[1].Truncation.Length);
        Assert.DoesNotContain(events, e => e.Loss is not null);
    }

    [Fact]
    public async Task Parameters_TextBinaryNull_AreThere()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using LoggingPostgres server = await LoggingPostgres.StartAsync(cancellation);
        await using CaptureSession session = await CaptureSession.StartAsync("postgres");
        string script = $"import psycopg\nc = psycopg.connect(autocommit=True)\nc.execute('select %t, %b::int4, %s::text', ['{_marker}', 7, None])\n";
        (int code, string output) = await server.RunClientAsync("/usr/bin/python3", ["-c", script], tcp: true);
        Assert.True(code == 0, $"{output} (package python3-psycopg)");
        IReadOnlyList<Event> events = await session.StopAsync();

        SqlStatement statement = Assert.Single(
            events, e => e.SqlStatement?.Parameters.Any(p => p.Value.ToStringUtf8() == _marker) == true).SqlStatement;
        Assert.Equal("select $1, $2::int4, $3::text", statement.Statement.ToStringUtf8());
        Assert.Equal([Format.Text, Format.Binary, Format.Null], statement.Parameters.Select(p => p.Format));
        Assert.Equal(7, statement.Parameters[1].Value[^1]);
        Assert.Equal(21U, statement.Parameters[1].Type); // psycopg sends a small integer as int2
    }

    private static async Task SayAsync(Diagnosed psql, string statement, CancellationToken cancellation)
    {
        await psql.StandardInput.WriteLineAsync(statement + ";");
        await psql.StandardInput.FlushAsync(cancellation);
        await psql.StandardOutput.ReadLineAsync(cancellation);
    }

    private SqlStatement[] Marked(IReadOnlyList<Event> events) =>
        [.. events.Select(e => e.SqlStatement).Where(s => s?.Statement.ToStringUtf8().Contains(_marker, StringComparison.Ordinal) == true)!];
}
