using System.Text.Json;
using ECapture.Tests.Support.MariaDb;
using ECapture.Tests.Support.Postgres;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary><c>ecapture postgres</c> and <c>ecapture mysqld</c> on real servers.</summary>
[Collection(CaptureCollection.Name)]
public sealed class DatabaseTextTests
{
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    [Fact]
    public async Task Postgres_Statements_ShowWhoRowsAndErrors()
    {
        await using LoggingPostgres server = await LoggingPostgres.StartAsync(TestContext.Current.CancellationToken);
        await using TerminalRun run = await TerminalRun.StartAsync("postgres");
        string statements = $"create table t (a int); begin; insert into t values (1), (2); update t set a = 3 where a = 1; commit; delete from t; select '{_marker}'; ";
        await server.RunClientAsync("psql", ["-X", "-c", statements]);
        await server.RunClientAsync("psql", ["-X", "-c", $"select '{_marker} wrong' from nowhere"], tcp: true);
        await server.RunClientAsync("psql", ["-X", "-c", $"select '{_marker} long {new string('z', 4000)} end'"]);

        await run.WaitForBlockAsync($"select '{_marker}'", "postgres@postgres from local (psql)", "insert into t values");
        string wrong = await run.WaitForBlockAsync($"\n< select '{_marker} wrong' from nowhere\n", "from 127.0.0.1");
        Assert.Contains("\n> error 42P01 ", wrong, StringComparison.Ordinal);
        string length = await run.WaitForBlockAsync($"{_marker} long {new string('z', 4000)} end'");
        Assert.Contains("\n> SELECT 1, 1 rows, ", length, StringComparison.Ordinal);
        Assert.Equal(0, await run.StopAsync());
    }

    [Fact]
    public async Task Mysqld_Statements_ShowWhoRowsAndErrorsAsJson()
    {
        await using MariaDbServer server = await MariaDbServer.StartAsync(TestContext.Current.CancellationToken);
        await using TerminalRun run = await TerminalRun.StartAsync("mysqld", "--json");
        string[] statements =
        [
            "create table wares (a int)", "start transaction", "insert into wares values (1), (2)", "update wares set a = 3", "delete from wares", "commit",
            $"select '{_marker}'", $"select '{_marker}' from nowhere",
        ];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => server.RunClientAsync("mariadb", ["-e", $"select '{_marker} concurrent {i}'"], tcp: true)));
        await server.RunClientAsync("mariadb", ["--force", MariaDbServer.Database, "-e", string.Join("; ", statements)], tcp: true);

        await run.WaitForOutputAsync($"select '{_marker}' from nowhere");
        Assert.Equal(0, await run.StopAsync());
        JsonElement[] lines = [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("data"))];
        string[] seen = [.. lines.Select(l => l.GetProperty("statement").GetString()!)];
        Assert.All(statements, s => Assert.Contains(s, seen));
        Assert.All(Enumerable.Range(0, 4), i => Assert.Contains($"select '{_marker} concurrent {i}'", seen));
        JsonElement wrong = Assert.Single(lines, l => l.GetProperty("statement").GetString() == statements[^1]);
        Assert.Equal(("error", 1146, MariaDbServer.User), (wrong.GetProperty("outcome").GetString(), wrong.GetProperty("error_number").GetInt32(), wrong.GetProperty("user").GetString()));
        Assert.Equal(2, Assert.Single(lines, l => l.GetProperty("statement").GetString() == statements[2]).GetProperty("rows").GetInt32());
    }
}
