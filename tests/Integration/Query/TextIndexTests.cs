using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Expressions;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Querying;
using Google.Protobuf;
using Npgsql;

namespace ECapture.Tests.Integration.Querying;

/// <summary>`~` over commands finds what it should, by an index that the engine itself says it uses.</summary>
public sealed class TextIndexTests(StoresFixture stores)
{
    private const int Rows = 30_000;
    private const int Needle = 17_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Contains_Postgres_AsksTheTrigramIndex()
    {
        await using PostgresStore store = (PostgresStore)await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(StoreKind.Postgres, Cancel), StoreRole.Writer, Cancel);
        await FillAndFindAsync(store);
        await using (NpgsqlCommand analyze = store.DataSource.CreateCommand("ANALYZE bash"))
        {
            await analyze.ExecuteNonQueryAsync(Cancel);
        }

        await using NpgsqlCommand explain = store.DataSource.CreateCommand(
            "EXPLAIN SELECT count(*) FROM bash WHERE lower(encode(data, 'escape') COLLATE \"C\") LIKE '%xylophone%'");
        await using NpgsqlDataReader reader = await explain.ExecuteReaderAsync(Cancel);
        List<string> plan = [];
        while (await reader.ReadAsync(Cancel))
        {
            plan.Add(reader.GetString(0));
        }

        Assert.Contains(plan, line => line.Contains("Bitmap Index Scan", StringComparison.Ordinal));
    }

    private static async Task FillAndFindAsync(Store store)
    {
        await StoreLoader.LoadAsync(store, Enumerable.Range(0, Rows).Select(Command), Cancel);
        List<ulong> found = [];
        EventFilter filter = EventFilter.All with { Expression = FilterExpression.Parse("command ~ \"XYLOphone\"") };
        await foreach (ECapture.Storage.Reading.StoredEvent stored in new EventStoreReader(store).SearchAsync(filter, EventOrder.Oldest, null, null, Cancel))
        {
            found.Add(stored.Id.Sequence);
        }

        Assert.Equal([Needle], found);
    }

    private static Event Command(int i) => new()
    {
        Run = ByteString.CopyFrom(new Guid(7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7).ToByteArray(bigEndian: true)),
        Topic = Topics.Bash,
        Sequence = (ulong)i,
        Schema = 1,
        Host = "web1",
        Boot = ByteString.CopyFrom(new byte[16]),
        WallNs = 1_795_140_000_000_000_000 + ((ulong)i * 1_000_000),
        ShellCommand = new ShellCommand { Shell = "bash", Command = (ulong)i, Text = ByteString.CopyFromUtf8(i == Needle ? "play Xylophone.ogg" : $"grep -r {i * 7919 % 10_007} /etc/hosts") },
    };
}
