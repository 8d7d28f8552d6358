using ECapture.Capture;
using ECapture.Capture.Modules.Postgres;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Postgres;
using Diagnosed = System.Diagnostics.Process;
using Outcome = ECapture.Events.V1.SqlStatement.Types.Outcome;

namespace ECapture.Tests.EndToEnd.Postgres;

/// <summary>Rows do not leave the kernel: results far larger than the ring cost no record of it, even while nothing is read.</summary>
[Collection(CaptureCollection.Name)]
public sealed class LargeResultsTests
{
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    // With the number of rows that each must have; 64 MB, the ring holds 16.
    private (string Sql, ulong Rows)[] Statements =>
    [
        ($"select repeat('x', 20000000) /* {_marker} */;", 1),
        ($"select 1 from generate_series(1, 100000) /* {_marker} */;", 100_000),
        ($"select repeat('y', g % 200) from generate_series(1, 100000) g /* {_marker} */;", 100_000),
        ($"copy (select repeat('z', 1000), '{_marker}' from generate_series(1, 10000)) to stdout;", 10_000),
        ($"create temp table t (s text, m text default '{_marker}');", 0),
        ($"COPY  t ( s ) FROM STDIN  where m = '{_marker}';", 200_000), // as psql sends it
        ($"select s from t where m = '{_marker}';", 200_000),
        ($"select 1/0, '{_marker}';", 0),
        ($"select '{_marker} last';", 1),
    ];

    [Theory]
    [InlineData(false, "disable")]
    [InlineData(true, "require")]
    public async Task Statements_ResultsOfManyTimesTheRing_AllAreWholeThoughNothingWasRead(bool isOlder, string sslMode)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using LoggingPostgres server = await LoggingPostgres.StartAsync(cancellation);
        using StalledReader stall = new();
        Diagnosed psql = Start();
        if (isOlder)
        {
            await SayAsync("select 'older';");
        }

        await using CaptureSession session = await CaptureSession.StartAsync(
            new CaptureOptions { Modules = ["postgres", StalledReader.ModuleName] }, name => name == StalledReader.ModuleName ? stall : new PostgresModule());
        if (!isOlder)
        {
            psql.Kill();
            await psql.WaitForExitAsync(cancellation);
            psql.Dispose();
            psql = Start();
        }

        using Diagnosed client = psql;
        await SayAsync($"select '{_marker} first';");
        await stall.BeginAsync(cancellation);
        await client.StandardInput.WriteLineAsync("\\o /dev/null");
        foreach ((string sql, _) in Statements)
        {
            await client.StandardInput.WriteLineAsync(sql.StartsWith("COPY", StringComparison.Ordinal)
                ? $"\\copy t(s) from program 'yes {new string('r', 99)} | head -n 200000' where m = '{_marker}'"
                : sql);
        }

        client.StandardInput.Close();
        string errors = await client.StandardError.ReadToEndAsync(cancellation);
        await client.WaitForExitAsync(cancellation);
        stall.End();
        IReadOnlyList<Event> events = await session.StopAsync();

        SqlStatement[] marked = [.. events.Select(e => e.SqlStatement).Where(s => s?.Statement.ToStringUtf8().Contains(_marker, StringComparison.Ordinal) == true)!];
        string[] expected = [$"select '{_marker} first'; 1 Ok", .. Statements.Select(s => $"{s.Sql} {s.Rows} {(s.Sql.Contains("1/0", StringComparison.Ordinal) ? Outcome.Error : Outcome.Ok)}")];
        Assert.Equal(expected.Select(Plain), marked.Select(s => Plain($"{s.Statement.ToStringUtf8()} {s.Rows} {s.Outcome}")));
        Assert.Equal([], events.Where(e => e.Loss is not null).Select(e => e.ToString()));
        Assert.Contains("division by zero", errors, StringComparison.Ordinal);

        Diagnosed Start() => server.StartClient("psql", ["-X", "-A", "-t", "-q"], tcp: true, sslMode);
        async Task SayAsync(string sql)
        {
            await psql.StandardInput.WriteLineAsync(sql);
            await psql.StandardInput.FlushAsync(cancellation);
            Assert.NotNull(await psql.StandardOutput.ReadLineAsync(cancellation));
        }
    }

    // psql's own blanks around what it sends.
    private static string Plain(string line) => string.Join(' ', line.Split([' ', ';'], StringSplitOptions.RemoveEmptyEntries));
}
