using ECapture.Capture;
using ECapture.Capture.Modules.Mysqld;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.MariaDb;
using Outcome = ECapture.Events.V1.SqlStatement.Types.Outcome;

namespace ECapture.Tests.EndToEnd.Mysqld;

/// <summary>Rows do not leave the kernel: results far larger than the ring cost no record of it, even while nothing is read.</summary>
[Collection(CaptureCollection.Name)]
public sealed class LargeResultsTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    // With the number of rows that each must have; 30 MB, the ring holds 16, and three sessions say them, one with a file of 20 MB.
    private (string Sql, ulong Rows)[] Statements =>
    [
        ($"select repeat('x', 12000000), '{_marker}'", 1),
        ($"select 1 from seq_1_to_50000 where '{_marker}' > ''", 50_000),
        ($"select repeat('y', seq % 300), null from seq_1_to_50000 where '{_marker}' > ''", 50_000),
        ($"select '', repeat('z', 500) from seq_1_to_20000 where '{_marker}' > ''", 20_000),
        ($"select * from nothere where s = '{_marker}'", 0),
        ($"select '{_marker} last'", 1),
    ];

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task Statements_ResultsOfManyTimesTheRing_AllAreWholeThoughNothingWasRead()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using MariaDbServer server = await MariaDbServer.StartAsync(cancellation);
        using StalledReader stall = new();
        await using CaptureSession session = await CaptureSession.StartAsync(
            new CaptureOptions { Modules = ["mysqld", StalledReader.ModuleName] }, name => name == StalledReader.ModuleName ? stall : new MysqldModule());

        await File.WriteAllLinesAsync(_file, Enumerable.Repeat(new string('f', 1000), 20_000), cancellation);
        (string Sql, ulong Rows)[] script =
        [
            .. Statements,
            ("create temporary table f (s text, m text) engine=aria", 0),
            ($"load data local infile '{_file}' into table f (s) set m = '{_marker}'", 20_000),
            ($"select s from f where m = '{_marker}'", 20_000),
        ];

        await stall.BeginAsync(cancellation);
        (_, string output) = await server.RunClientAsync(
            "mariadb", ["--local-infile=1", "--force", "--quick", "--skip-column-names", MariaDbServer.Database], tcp: true, tls: true, input: string.Join(";\n", script.Select(s => s.Sql)));
        foreach (bool deprecatesEof in new[] { false, true })
        {
            await using BinaryClient client = await BinaryClient.ConnectAsync(server.Port, deprecatesEof);
            await client.ChangeDatabaseAsync(MariaDbServer.Database);
            foreach ((string sql, ulong rows) in Statements)
            {
                long prepared = await client.PrepareAsync(sql);
                Assert.Equal(rows == 0, prepared < 0);
                if (prepared > 0)
                {
                    Assert.Equal(0, await client.ExecuteAsync(prepared, []));
                    await client.CloseAsync(prepared);
                }
            }
        }

        stall.End();
        IReadOnlyList<Event> events = await session.StopAsync();

        string[] Lines((string Sql, ulong Rows)[] all) => [.. all.Where(s => s.Sql.Contains(_marker, StringComparison.Ordinal)).Select(s => $"{s.Sql} {s.Rows} {(s.Rows == 0 ? Outcome.Error : Outcome.Ok)}")];
        string[] marked = [.. events.Select(e => e.SqlStatement).Where(s => s?.Statement.ToStringUtf8().Contains(_marker, StringComparison.Ordinal) == true)
            .Select(s => $"{s!.Statement.ToStringUtf8()} {s.Rows} {s.Outcome}")];
        Assert.Equal([.. Lines(script), .. Lines(Statements), .. Lines(Statements)], marked);
        Assert.Equal([], events.Where(e => e.Loss is not null).Select(e => e.ToString()));
        Assert.Contains("nothere", output, StringComparison.Ordinal);
    }
}
