using System.Text.Json;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Policies;
using ECapture.Sink;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Reconcile;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Events;
using ECapture.Tests.Support.Sink;
using Google.Protobuf;

namespace ECapture.Tests.Integration.Sink.Operations;

/// <summary><c>ecapture dlq</c> over real stores.</summary>
public sealed class DeadLetterTests(StoresFixture stores)
{
    private static readonly TopicPartition Tls = new(Topics.Tls, 0);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task List_PoisonOfEveryKind_SaysWhereAndWhyAndShowGivesTheBytes(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        byte[] undecodable = [0xFF, 0xFF, 0x1B];
        byte[] invalid = new Event { Topic = Topics.Tls, Run = ByteString.CopyFrom(new byte[3]) }.ToByteArray();
        await SinkAsync(store, "poison", undecodable, invalid, new byte[EventCheckLimit + 1]);

        OperationRun list = await OperationRun.RunAsync(DeadLetterOperations.ListAsync, store, null, ("json", "true"));

        JsonElement[] letters = [.. list.Lines.Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal<(string?, string?, int)[]>(
            [("tls/0/0@poison", "undecodable", 3), ("tls/0/1@poison", "invalid", invalid.Length), ("tls/0/2@poison", "too_large", EventCheckLimit + 1)],
            [.. letters.Select(l => (l.GetProperty("id").GetString(), l.GetProperty("kind").GetString(), l.GetProperty("length").GetInt32())).OrderBy(l => l.Item1, StringComparer.Ordinal)]);

        OperationRun show = await OperationRun.RunAsync(DeadLetterOperations.ShowAsync, store, null, ("id", "tls/0/0"));
        Assert.Contains("00000000  ff ff 1b", show.Report, StringComparison.Ordinal);
        Assert.Contains("undecodable: not an encoded event", show.Report, StringComparison.Ordinal);
        OperationRun bytes = await OperationRun.RunAsync(DeadLetterOperations.ShowAsync, store, null, ("id", "tls/0/1@poison"), ("hex", "true"));
        Assert.Equal(Convert.ToHexStringLower(invalid), string.Concat(bytes.Lines));
        OperationRun none = await OperationRun.RunAsync(DeadLetterOperations.ListAsync, store, null, ("topic", Topics.Bash));
        Assert.Equal("no dead letters", Assert.Single(none.Lines));
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Retry_StillBad_SaysSoAndChangesNothing(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        await SinkAsync(store, "bad", [0xFF, 0xFF]);

        OperationRun retry = await OperationRun.RunAsync(DeadLetterOperations.RetryAsync, store, null, ("id", "tls/0/0"));

        Assert.Equal(1, retry.ExitCode);
        Assert.Contains("still bad: not an encoded event", retry.Report, StringComparison.Ordinal);
        Assert.Empty(retry.Journal.Controls);
        Assert.Single((await OperationRun.RunAsync(DeadLetterOperations.ListAsync, store, null, ("json", "true"))).Lines);
        SinkException unknown = await Assert.ThrowsAsync<SinkException>(() => OperationRun.RunAsync(DeadLetterOperations.RetryAsync, store, null, ("id", "tls/0/77")));
        Assert.Contains("no dead letter tls/0/77", unknown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Retry_AnotherChangesTheStore_WaitsUntilThatIsDone(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        await SinkAsync(store, "bad", [0xFF, 0xFF]);
        IStoreLease? rebuild = await PartitionStore.Of(store).TryLeaseAsync(Cancel);

        Task<OperationRun> retry = OperationRun.RunAsync(DeadLetterOperations.RetryAsync, store, null, ("id", "tls/0/0"));
        Assert.NotSame(retry, await Task.WhenAny(retry, Task.Delay(1000, Cancel)));
        await rebuild!.DisposeAsync();

        Assert.Contains("still bad", (await retry).Report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Retry_GoodNowAndTriedAgainAndAgain_IsARowOnce(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        EventFeed feed = new(seed: 41);
        byte[] good = feed.Next(Topics.Tls).Value.ToArray();
        byte[] other = feed.Next(Topics.Tls).Value.ToArray();
        // As an older version left them, that could not read them: the first event at two places of the log.
        foreach ((int offset, byte[] bytes) in ((int, byte[])[])[(5, good), (6, good), (9, other)])
        {
            string hex = Convert.ToHexString(bytes);
            await stores.ExecuteAsync(
                store,
                $"INSERT INTO dead_letter (log, topic, log_partition, log_offset, at, kind, error, event) SELECT 'old', 'tls', 0, {offset}, now64(3), 'undecodable', 'x', unhex('{hex}')",
                $"INSERT INTO dead_letter (log, topic, log_partition, log_offset, at, kind, error, event) VALUES ('old', 'tls', 0, {offset}, now(), 'undecodable', 'x', decode('{hex}', 'hex'))");
        }

        OperationRun first = await OperationRun.RunAsync(DeadLetterOperations.RetryAsync, store, null, ("id", "tls/0/5"));
        Assert.True(first.ExitCode == 0, first.Report);
        Assert.Contains("stored in tls", first.Report, StringComparison.Ordinal);
        Assert.Equal(("dlq.retry", "tls/0/5@old"), (Assert.Single(first.Journal.Controls).Action, first.Journal.Controls[0].Subject));

        // Killed between the row and the mark.
        await stores.ExecuteAsync(store, "TRUNCATE TABLE dead_letter_resolved", "TRUNCATE TABLE dead_letter_resolved");
        OperationRun second = await OperationRun.RunAsync(DeadLetterOperations.RetryAsync, store, null, ("id", "tls/0/5"));
        Assert.True(second.ExitCode == 0, second.Report);

        OperationRun all = await OperationRun.RunAsync(DeadLetterOperations.RetryAsync, store, null, ("all", "true"));
        Assert.True(all.ExitCode == 0, all.Report);
        Assert.Contains("tls/0/6@old: its event is in tls already", all.Lines);
        Assert.Contains("tls/0/9@old: stored in tls", all.Lines);
        Assert.Contains("was resolved before", (await OperationRun.RunAsync(DeadLetterOperations.RetryAsync, store, null, ("id", "tls/0/5"))).Report, StringComparison.Ordinal);

        SinkAssert.Same(feed.Expected, await StoredEvents.ReadAsync(store, Cancel));
        Assert.Equal("no dead letters", (await OperationRun.RunAsync(DeadLetterOperations.ListAsync, store)).Lines[^1]);
        Assert.Equal(3, (await OperationRun.RunAsync(DeadLetterOperations.ListAsync, store, null, ("all", "true"), ("json", "true"))).Lines.Length);
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_StoreRefusesRows_TheyAreDeadLettersAndNothingElseStops(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        await stores.ExecuteAsync(
            store,
            "ALTER TABLE bash ADD CONSTRAINT sane CHECK partition != 7",
            "ALTER TABLE bash ADD CONSTRAINT sane CHECK (partition <> 7)");
        EventFeed feed = new(seed: 43);
        MemoryLog log = new("refusing");
        feed.Fill(log, 400);
        Guid run = Guid.CreateVersion7();
        List<StoredEvent> refused = [];
        RandomEvents random = new(44);
        for (ulong i = 0; i < 3; i++)
        {
            byte[] encoded = random.Next(Topics.Bash, run, i, partition: 7).ToByteArray();
            log.Append(new TopicPartition(Topics.Bash, 0), encoded);
            refused.Add(new StoredEvent(Topics.Bash, run, 7, (long)i, Convert.ToHexString(encoded)));
            feed.Fill(log, 60);
        }

        for (int start = 0; start < 2; start++)
        {
            await using SinkRun sink = new(log, store, batchRows: 500);
            await sink.WaitDrainedAsync(Cancel); // the second runs the last batch again
        }

        SinkAssert.Same(feed.Expected, await StoredEvents.ReadAsync(store, Cancel));
        OperationRun list = await OperationRun.RunAsync(DeadLetterOperations.ListAsync, store, null, ("json", "true"));
        JsonElement[] letters = [.. list.Lines.Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["refused", "refused", "refused"], letters.Select(l => l.GetProperty("kind").GetString()));
        OperationRun reconciled = await OperationRun.RunAsync(ReconcileOperation.RunAsync, store);
        Assert.True(reconciled.ExitCode == 0, reconciled.Report);

        OperationRun stillBad = await OperationRun.RunAsync(DeadLetterOperations.RetryAsync, store, null, ("all", "true"));
        Assert.Equal(1, stillBad.ExitCode);
        await stores.ExecuteAsync(store, "ALTER TABLE bash DROP CONSTRAINT sane", "ALTER TABLE bash DROP CONSTRAINT sane");
        OperationRun retried = await OperationRun.RunAsync(DeadLetterOperations.RetryAsync, store, null, ("all", "true"));
        Assert.True(retried.ExitCode == 0, retried.Report);
        SinkAssert.Same([.. feed.Expected, .. refused], await StoredEvents.ReadAsync(store, Cancel));
        reconciled = await OperationRun.RunAsync(ReconcileOperation.RunAsync, store);
        Assert.True(reconciled.ExitCode == 0, reconciled.Report);
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Retry_PolicyLetsTheStoreKeepLess_TheRowIsCutLikeEveryOther(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        Event made = new RandomEvents(45).Next(Topics.Tls, Guid.CreateVersion7(), 0);
        made.TlsData = new TlsData { Direction = Direction.Sent, Data = ByteString.CopyFrom(new byte[500]) };
        made.Truncation = null;
        string hex = Convert.ToHexString(made.ToByteArray());
        await stores.ExecuteAsync(
            store,
            $"INSERT INTO dead_letter (log, topic, log_partition, log_offset, at, kind, error, event) SELECT 'old', 'tls', 0, 5, now64(3), 'refused', 'x', unhex('{hex}')",
            $"INSERT INTO dead_letter (log, topic, log_partition, log_offset, at, kind, error, event) VALUES ('old', 'tls', 0, 5, now(), 'refused', 'x', decode('{hex}', 'hex'))");
        PolicyReading policy = Policy.Read("""{"modules":{"tls":{"sink":{"keep":16}}}}"""u8, null, Policy.LargestKeep);

        OperationRun retried = await OperationRun.RunAsync(DeadLetterOperations.RetryAsync, store, null, context => context with { Policy = policy.Policy }, ("id", "tls/0/5"));

        Assert.True(retried.ExitCode == 0, retried.Report);
        Event stored = Event.Parser.ParseFrom(Convert.FromHexString(Assert.Single(await StoredEvents.ReadAsync(store, Cancel)).Encoded));
        Assert.Equal((16, 500ul, 500ul), (stored.TlsData.Data.Length, stored.Truncation.Length, stored.Truncation.Logged));
    }

    private const int EventCheckLimit = 8 << 20;

    private async Task<Store> OpenAsync(StoreKind kind) => await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);

    private static async Task SinkAsync(Store store, string logId, params byte[][] records)
    {
        MemoryLog log = new(logId);
        foreach (byte[] record in records)
        {
            log.Append(Tls, record);
        }

        await using SinkRun sink = new(log, store);
        await sink.WaitDrainedAsync(Cancel);
    }
}
