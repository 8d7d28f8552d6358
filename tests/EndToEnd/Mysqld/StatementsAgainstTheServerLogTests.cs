using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.MariaDb;
using Kind = ECapture.Events.V1.SqlStatement.Types.Kind;
using Outcome = ECapture.Events.V1.SqlStatement.Types.Outcome;

namespace ECapture.Tests.EndToEnd.Mysqld;

/// <summary>Real clients against a real MariaDB; its general log and its audit plugin are the oracle.</summary>
[Collection(CaptureCollection.Name)]
public sealed class StatementsAgainstTheServerLogTests
{
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    [Fact]
    public async Task Statements_OfEveryKindOfSession_EqualTheServersLog()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using MariaDbServer server = await MariaDbServer.StartAsync(cancellation);
        await using CaptureSession session = await CaptureSession.StartAsync("mysqld");

        await Task.WhenAll(
            ScriptAsync(server, "a", tcp: false, tls: false),
            ScriptAsync(server, "b", tcp: true, tls: false),
            ScriptAsync(server, "c", tcp: true, tls: true),
            SlapAsync(server, tcp: false),
            SlapAsync(server, tcp: true),
            BinaryAsync(server, 1, deprecatesEof: false),
            BinaryAsync(server, 2, deprecatesEof: true));
        IReadOnlyList<Event> events = await session.StopAsync();
        IReadOnlyList<LoggedCommand> logged = await server.ReadCommandsAsync();
        IReadOnlyList<AuditedStatement> audited = await server.ReadAuditAsync();

        Assert.Equal([], events.Where(e => e.Coverage is not null || e.Loss is not null).Select(e => e.ToString()));
        List<Event> statements = [.. events.Where(e => e.SqlStatement is not null && e.Process.Pid == server.ProcessId
            && e.SqlStatement.User.ToStringUtf8() is MariaDbServer.User or MariaDbServer.UserWithoutPassword)];
        Assert.True(statements.Count > 400, $"{statements.Count} statements");
        Assert.Equal(
            AuditedSessions.By(logged.Where(IsStatement), l => l.Thread, l => $"{l.User} {l.Kind} {l.Text}"),
            AuditedSessions.By(statements.Where(Succeeded), e => e.Connection, Line));
        Assert.Equal(AuditedSessions.Of(audited), AuditedSessions.Of(statements));
        Assert.Equal(8, statements.Count(e => e.SqlStatement.Statement.ToStringUtf8().StartsWith("selec x", StringComparison.Ordinal) && e.SqlStatement.ErrorNumber == 1064 && e.SqlStatement.ErrorCode == "42000"));
        Assert.DoesNotContain(events, e => e.Loss is not null);
        Assert.DoesNotContain(events, e => e.ToString().Contains(MariaDbServer.Password, StringComparison.Ordinal));
        TestContext.Current.SendDiagnosticMessage($"{statements.Count} statements of {statements.DistinctBy(e => e.Connection).Count()} sessions, all captured");
    }

    [Fact]
    public async Task Statement_FieldsOfTheClient_AreWhatItGot()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using MariaDbServer server = await MariaDbServer.StartAsync(cancellation);
        await using CaptureSession session = await CaptureSession.StartAsync("mysqld");
        string script = $"""
            select '{_marker}' union select 'b' union select 'c';
            insert into t values (1, '{_marker}', null), (2, '{_marker}', null);
            update t set s = concat(s, '{_marker}') where i = 3;
            select * from nothere where s = '{_marker}';
            select sleep(0.3), '{_marker}';
            use mysql
            select '{_marker}', database();
            """;
        await server.RunClientAsync("mariadb", ["-f", MariaDbServer.Database], tcp: true, tls: true, script);
        await server.RunClientAsync("mariadb", ["-e", $"select '{_marker}'"]);
        IReadOnlyList<Event> events = await session.StopAsync();

        SqlStatement[] statements = [.. events.Select(e => e.SqlStatement).Where(s => s?.Statement.ToStringUtf8().Contains(_marker, StringComparison.Ordinal) == true)];
        Assert.Equal(7, statements.Length);
        Assert.Equal([3UL, 2UL, 0UL, 0UL, 1UL, 1UL, 1UL], statements.Select(s => s.Rows));
        Assert.Equal([Outcome.Ok, Outcome.Ok, Outcome.Ok, Outcome.Error, Outcome.Ok, Outcome.Ok, Outcome.Ok], statements.Select(s => s.Outcome));
        Assert.Equal((1146u, "42S02", "Table 'shop.nothere' doesn't exist", false), (statements[3].ErrorNumber, statements[3].ErrorCode, statements[3].ErrorMessage.ToStringUtf8(), statements[3].HasRows));
        Assert.Equal(["shop", "shop", "shop", "shop", "shop", "mysql", ""], statements.Select(s => s.Database.ToStringUtf8()));
        Assert.Equal(["127.0.0.1", "local"], statements.Select(s => s.Client.ToStringUtf8()).Distinct());
        Assert.All(statements, s => Assert.Equal(("mariadb", "app", "mysql"), (s.System, s.User.ToStringUtf8(), s.Application.ToStringUtf8())));
        Assert.InRange(statements[4].DurationNs, 300_000_000UL, 60_000_000_000UL);
        Event first = events.First(e => e.SqlStatement == statements[0]);
        Assert.Equal((uint)server.Port, first.Flow.LocalPort);
    }

    private static bool IsStatement(LoggedCommand command) => command.Kind is "Query" or "Execute";

    // What fails to be prepared is no execution in the general log.
    private static bool Succeeded(Event e) => e.SqlStatement.Kind == Kind.Simple || e.SqlStatement.Name.Length > 0;

    private static string Line(Event e) =>
        $"{e.SqlStatement.User.ToStringUtf8()} {(e.SqlStatement.Kind == Kind.Simple ? "Query" : "Execute")} {AuditedSessions.WithValues(e.SqlStatement)}";

    private async Task ScriptAsync(MariaDbServer server, string name, bool tcp, bool tls)
    {
        string script = $"""
            select '{_marker} {name}', 'it''s \\ ünï
            two lines';
            selec x;
            create temporary table u (i int, s text);
            insert into u values (1, '{name}'), (2, null);
            begin;
            update u set i = 5 where i = 2;
            rollback;
            select * from u;
            delimiter //
            select 1; select 2; select * from nothere; select 3//
            select 4; insert into u values (7, '7'); select 5//
            delimiter ;
            use mysql
            select database();
            select seq, repeat('row', 30) from shop.seq_1_to_2000;
            use shop
            load data local infile '/etc/protocols' into table u (s);
            select count(*) from u;
            select length('{new string('l', 300_000)}');
            signal sqlstate '45000' set message_text = 'mine', mysql_errno = 4711;
            # only a comment
            select 'last', @@version;
            """;
        (int _, string output) = await server.RunClientAsync("mariadb", ["-f", "--comments", "--local-infile=1", MariaDbServer.Database], tcp, tls, script);
        Assert.Contains("ERROR 4711", output, StringComparison.Ordinal);
        (int _, output) = await server.RunClientAsync("mariadb", ["-f", "-e", "selec x", MariaDbServer.Database], tcp, tls); // without a database the plugin may name that of another session
        Assert.Contains("ERROR 1064", output, StringComparison.Ordinal);
    }

    private static async Task SlapAsync(MariaDbServer server, bool tcp)
    {
        (int code, string output) = await server.RunClientAsync(
            "mariadb-slap", ["--create-schema=shop", "--no-drop", "--concurrency=8", "--number-of-queries=200", "--query=select count(*) from t where i < 5"], tcp);
        Assert.True(code == 0, output);
    }

    private async Task BinaryAsync(MariaDbServer server, byte key, bool deprecatesEof)
    {
        await using BinaryClient client = await BinaryClient.ConnectAsync(server.Port, deprecatesEof);
        long insert = await client.PrepareAsync("insert into t values (?, ?, ?)");
        byte[] types = [1, 8, 0, 253, 0, 12, 0];
        byte[] text = [5, .. "hello"u8];
        Assert.Equal(0, await client.ExecuteAsync(insert, [0, .. types, (byte)(100 + key), 0, 0, 0, 0, 0, 0, 0, .. text, 7, 0xe9, 0x07, 12, 31, 23, 59, 58]));
        Assert.Equal(1062, await client.ExecuteAsync(insert, [0, 0, (byte)(100 + key), 0, 0, 0, 0, 0, 0, 0, .. text, 4, 0xe9, 0x07, 12, 31]));
        Assert.Equal(0, await client.ExecuteAsync(insert, [0b110, 0, (byte)(110 + key), 0, 0, 0, 0, 0, 0, 0]));
        await client.SendLongDataAsync(insert, 1, "sent "u8);
        await client.SendLongDataAsync(insert, 1, "ahead"u8);
        Assert.Equal(0, await client.ExecuteAsync(insert, [0b100, 0, (byte)(120 + key), 0, 0, 0, 0, 0, 0, 0]));
        await client.CloseAsync(insert);
        long select = await client.PrepareAsync("select i, s, d from t where i < ?");
        for (short i = 0; i < 50; i++)
        {
            Assert.Equal(0, await client.ExecuteAsync(select, [0, 1, 2, 0, (byte)i, 1]));
        }

        Assert.Equal(-1146, await client.PrepareAsync("select * from nothere"));
        Assert.Equal(0, await client.QueryAsync($"select '{_marker}'"));
        Assert.Equal(1064, await client.QueryAsync("selec x"));
        Assert.Equal(0, await client.ChangeDatabaseAsync("mysql"));
        Assert.Equal(0, await client.QueryAsync("select database()"));
    }
}
