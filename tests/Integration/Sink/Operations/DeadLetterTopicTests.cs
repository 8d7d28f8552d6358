using System.Text.Json;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Local;
using ECapture.Sink;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Events;
using ECapture.Tests.Support.Sink;
using Google.Protobuf;

namespace ECapture.Tests.Integration.Sink.Operations;

/// <summary>The topics <c>….dlq</c> of a local log, over real stores.</summary>
public sealed class DeadLetterTopicTests(StoresFixture stores) : IDisposable
{
    private const int TooLarge = (8 << 20) + 1;

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-dlq-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string TopicLog => Path.Combine(_folder, "sink");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_PoisonOfEveryKind_IsOnTheTopicWholeAndOnceHoweverOftenTheBatchRuns(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        await stores.ExecuteAsync(store, "ALTER TABLE tls ADD CONSTRAINT sane CHECK partition != 7", "ALTER TABLE tls ADD CONSTRAINT sane CHECK (partition <> 7)");
        MemoryLog log = new("poison");
        byte[] large = new byte[TooLarge];
        new Random(5).NextBytes(large);
        byte[][] poison =
        [
            [0xFF, 0xFF, 0x1B],
            [],
            new Event { Topic = Topics.Tls, Run = ByteString.CopyFrom(new byte[3]) }.ToByteArray(),
            large,
            new RandomEvents(6).Next(Topics.Tls, Guid.CreateVersion7(), 0, partition: 7).ToByteArray(),
        ];
        foreach (byte[] record in poison)
        {
            log.Append(new TopicPartition(Topics.Tls, 0), record);
        }

        for (int start = 0; start < 3; start++)
        {
            await using DeadLetterTopic topic = Topic(store);
            await using SinkRun sink = new(log, store, letters: topic);
            await sink.WaitDrainedAsync(Cancel); // each start runs the last batch again
        }

        OperationRun onTopic = await RunAsync(DeadLetterOperations.ListAsync, store, ("json", "true"));
        OperationRun inStore = await OperationRun.RunAsync(DeadLetterOperations.ListAsync, store, null, ("json", "true"));
        (string?, string?, string?, long)[] expected = [.. Of(inStore).Order()];
        Assert.Equal(["undecodable", "invalid", "invalid", "too_large", "refused"], expected.Select(letter => letter.Item2));
        Assert.Equal(expected, Of(onTopic).Order());
        for (int offset = 0; offset < poison.Length; offset++)
        {
            OperationRun shown = await RunAsync(DeadLetterOperations.ShowAsync, store, ("id", $"tls/0/{offset}"), ("hex", "true"));
            Assert.Equal(Convert.ToHexStringLower(poison[offset]), string.Concat(shown.Lines));
        }

        // Not only each once as it is read: once on the topic, the large one in pieces.
        int pieces = (TooLarge + DeadLetterTopic.PieceBytes - 1) / DeadLetterTopic.PieceBytes;
        await using LocalLogReader reader = new(TopicLog);
        Assert.Equal((0, poison.Length - 1 + pieces), await reader.GetBoundsAsync(new TopicPartition("tls.dlq", 0), Cancel));
        SinkException none = await Assert.ThrowsAsync<SinkException>(() => RunAsync(DeadLetterOperations.ShowAsync, store, ("id", "tls/0/77")));
        Assert.Contains("no dead letter tls/0/77 on tls.dlq", none.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_TopicCannotBeWritten_NothingIsBuriedUntilItCan(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        MemoryLog log = new("waiting");
        TopicPartition tls = new(Topics.Tls, 0);
        log.Append(tls, [0xFF]);
        StuckTopic topic = new();
        await using SinkRun sink = new(log, store, letters: topic);
        await topic.AskedTwice.WaitAsync(TimeSpan.FromSeconds(90), Cancel);

        Assert.Equal(0, await stores.NumberAsync(store, "SELECT count(*) FROM dead_letter"));
        Assert.Equal(0, await stores.NumberAsync(store, "SELECT count(*) FROM sink_account"));
        Assert.False(log.Committed.ContainsKey(tls), "the offset went on before the record was on its topic");
        topic.Free();
        await sink.WaitDrainedAsync(Cancel);

        Assert.Equal(1, await stores.NumberAsync(store, "SELECT count(*) FROM dead_letter"));
        Assert.Equal("waiting tls/0/0", Assert.Single(topic.Taken));
    }

    private static IEnumerable<(string?, string?, string?, long)> Of(OperationRun list) => list.Lines.Select(line => JsonDocument.Parse(line).RootElement).Select(
        l => (l.GetProperty("id").GetString(), l.GetProperty("kind").GetString(), l.GetProperty("error").GetString(), l.GetProperty("length").GetInt64()));

    private Task<OperationRun> RunAsync(
        Func<ECapture.Sink.Operations.OperationContext, CancellationToken, Task<int>> operation, Store store, params (string, string)[] parameters) =>
        OperationRun.RunAsync(operation, store, null, context => context with { DeadLetters = _folder }, [.. parameters, ("from-log", "true")]);

    private DeadLetterTopic Topic(Store store) =>
        new(() => LocalLog.OpenWriter(TopicLog, new LocalLogOptions { WhenFull = LogFullAction.DropOldest }), store.Address.Text, TimeProvider.System);

    private async Task<Store> OpenAsync(StoreKind kind) => await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);

    /// <summary>A topic whose broker is away until it is freed.</summary>
    private sealed class StuckTopic : IDeadLetterTopic
    {
        private readonly TaskCompletionSource _askedTwice = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _isFree;
        private int _asked;

        public Task AskedTwice => _askedTwice.Task;

        public List<string> Taken { get; } = [];

        public void Free() => _isFree = true;

        public Task AppendAsync(string log, IReadOnlyList<DeadRecord> records, CancellationToken cancellationToken)
        {
            if (!_isFree)
            {
                if (Interlocked.Increment(ref _asked) == 2)
                {
                    _askedTwice.SetResult();
                }

                throw new LogException("the broker is away", isTransient: true);
            }

            Taken.AddRange(records.Select(record => $"{log} {record.Letter.Topic}/{record.Letter.Partition}/{record.Letter.Offset}"));
            return Task.CompletedTask;
        }
    }
}
