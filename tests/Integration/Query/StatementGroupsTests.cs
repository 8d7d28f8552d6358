using System.Net;
using System.Text.Json;
using ECapture.Events;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Querying;

namespace ECapture.Tests.Integration.Querying;

/// <summary>Statements counted by what they have in common, the same from both stores.</summary>
public sealed class StatementGroupsTests(StoresFixture stores)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Events_GroupedByFingerprint_AreCountsWithTheNewestStatement(StoreKind kind)
    {
        PlaintextHistory history = new();
        for (ulong i = 0; i < 5; i++)
        {
            history.Sql(i, Topics.Postgres, null, 0, PlaintextHistory.Ok($"select * from t where a = {i}", "SELECT 2", 2), 900);
        }

        history.Sql(6, Topics.Postgres, null, 0, PlaintextHistory.Error("SELECT * FROM t WHERE a = 'x'", "42883", "no operator", 0), 900);
        history.Sql(7, Topics.Postgres, null, 0, PlaintextHistory.Ok("delete from t", "DELETE 9", 9), 901);
        history.Sql(8, Topics.Mysqld, null, 7, PlaintextHistory.Ok("update u set a = 1", "", 1), 950);
        history.Sql(9, Topics.Mysqld, null, 7, PlaintextHistory.Ok("update u set a = 2", "", 1), 950);
        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
        await StoreLoader.LoadAsync(store, history.Events, Cancel);
        await using RunningQuery query = await RunningQuery.StartAsync(new EventStoreReader(store));
        using HttpClient client = new() { BaseAddress = query.Address };

        using JsonDocument all = JsonDocument.Parse(await client.GetStringAsync("api/v1/events?group-by=fingerprint", Cancel));
        Assert.Equal(
            ["6 1 10 3000000 500000 postgres SELECT * FROM t WHERE a = 'x'", "2 0 2 1000000 500000 mysqld update u set a = 2", "1 0 9 500000 500000 postgres delete from t"],
            all.RootElement.GetProperty("groups").EnumerateArray().Select(Line));
        string lines = await client.GetStringAsync("api/v1/events?group-by=fingerprint&format=ndjson&filter=pid%20==%20901", Cancel);
        Assert.Equal("1 0 9 500000 500000 postgres delete from t", Line(JsonDocument.Parse(Assert.Single(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))).RootElement));
        string fingerprint = all.RootElement.GetProperty("groups")[0].GetProperty("fingerprint").GetString()!;
        using JsonDocument found = JsonDocument.Parse(await client.GetStringAsync($"api/v1/events?filter=sql_fingerprint%20==%20{fingerprint}", Cancel));
        Assert.Equal(6, found.RootElement.GetProperty("events").GetArrayLength());
        string table = await client.GetStringAsync("api/v1/events?group-by=fingerprint&format=table&limit=1", Cancel);
        Assert.Contains($"       6        1        10     0.500     0.500  {fingerprint}  postgres  SELECT * FROM t WHERE a = 'x'\n", table, StringComparison.Ordinal);
        foreach (string bad in (string[])["group-by=host", "group-by=fingerprint&module=tls", "group-by=fingerprint&order=oldest", "group-by=fingerprint&format=csv"])
        {
            using HttpResponseMessage refused = await client.GetAsync("api/v1/events?" + bad, Cancel);
            Assert.True(refused.StatusCode == HttpStatusCode.BadRequest, $"{bad}: {refused.StatusCode}");
        }
    }

    private static string Line(JsonElement group) => string.Join(
        ' ', ((string[])["count", "errors", "rows", "total_ns", "longest_ns", "module", "statement"]).Select(name => group.GetProperty(name).ToString()));
}
