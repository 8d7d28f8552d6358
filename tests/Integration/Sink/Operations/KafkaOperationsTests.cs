using System.Text.Json;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Kafka;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Rebuild;
using ECapture.Sink.Reconcile;
using ECapture.Sink.Verify;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Cli;
using ECapture.Tests.Support.Kafka;
using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Integration.Sink.Operations;

/// <summary>What is asked of a store and its log when the log is a real Kafka: dead letters, reconcile, verify, rebuild.</summary>
public sealed class KafkaOperationsTests(StoresFixture stores) : IAsyncLifetime
{
    private static readonly string[] s_topics = [Topics.Agent, Topics.Bash, Topics.Tls];

    private KafkaBroker? _broker;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private LogAddress Log => LogAddress.Parse(_broker!.Address);

    public async ValueTask InitializeAsync() => _broker = await KafkaBroker.StartAsync();

    public ValueTask DisposeAsync() => _broker!.DisposeAsync();

    [Fact]
    public async Task AllOfThem_LogIsKafka_AgreeAndFindAndMendWhatIsChanged()
    {
        CheckpointedRun run = CheckpointedRun.Make(seed: 81, rounds: 4, eventsPerRound: 60, Topics.Tls, Topics.Bash);
        byte[] large = new byte[900_000]; // in pieces on its way back: what the broker took, it takes again
        large.AsSpan().Fill(0xFF);
        await using (KafkaLogWriter writer = KafkaLog.OpenWriter(Log))
        {
            foreach (string topic in s_topics)
            {
                Assert.Equal(KafkaBroker.Partitions, await writer.GetPartitionsAsync(topic, Cancel));
            }

            LogEntry[] entries = [.. run.Entries.Select(entry => entry with { TopicPartition = entry.TopicPartition with { Partition = 1 } })];
            await writer.AppendAsync(entries, Cancel);
            await writer.AppendAsync([.. entries.Where(entry => entry.TopicPartition.Topic == Topics.Bash).Skip(200)], Cancel); // 40 of them twice
            await writer.AppendAsync([new LogEntry(new TopicPartition(Topics.Bash, 1), default, large)], Cancel);
            await writer.AppendAsync([new LogEntry(new TopicPartition(Topics.Bash, 0), default, new byte[] { 0xFF })], Cancel);
        }

        foreach (StoreKind kind in (StoreKind[])[StoreKind.ClickHouse, StoreKind.Postgres])
        {
            await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
            await SinkAsync(store, kind.ToString());
            await SinkAsync(store, kind.ToString()); // runs the last batches again
            await CheckAsync(store, run);
            await CheckLettersAsync(store, large);
            await RebuildAsync(store);
            await CheckAsync(store, run);
        }
    }

    [Fact]
    public async Task Command_LogIsKafka_ItsRecordIsThereWhenItEnds()
    {
        string data = Directory.CreateTempSubdirectory("ecapture-journal-").FullName;
        try
        {
            StoreAddress address = await stores.CreateDatabaseAsync(StoreKind.Postgres, Cancel);
            await using Store store = await StoreFactory.OpenAsync(address, StoreRole.Writer, Cancel);
            await using (KafkaLogWriter writer = KafkaLog.OpenWriter(Log))
            {
                await writer.GetPartitionsAsync(Topics.Control, Cancel);
                await writer.GetPartitionsAsync(Topics.Agent, Cancel);
            }

            MemoryLog log = new();
            foreach (LogEntry entry in CheckpointedRun.Make(seed: 82, rounds: 1, eventsPerRound: 30, Topics.Bash).Entries)
            {
                log.Append(entry.TopicPartition, entry.Value.ToArray());
            }

            await using (SinkRun sink = new(log, store))
            {
                await sink.WaitDrainedAsync(Cancel);
            }

            Outcome rebuilt = await Ecapture.RunAsync("sink", "rebuild", "--module", "bash", "--since", "2026-10-01T00:00:00Z", "--log", Log.Text, "--store", address.Text, "--data", data);

            Assert.True(rebuilt.ExitCode == 0, rebuilt.Output + rebuilt.Errors);
            List<string> entries = [];
            await using KafkaLogReader reader = await KafkaLogReader.OpenAsync(Log, Cancel);
            for (int partition = 0; partition < KafkaBroker.Partitions; partition++)
            {
                TopicPartition control = new(Topics.Control, partition);
                (long first, long next) = await reader.GetBoundsAsync(control, Cancel);
                await foreach (ReadOnlyMemory<LogRecord> records in reader.ReadAsync(control, first, next, Cancel))
                {
                    entries.AddRange(records.ToArray().Select(record => Event.Parser.ParseFrom(record.Value.Span).Control).Select(entry => $"{entry.Action} {entry.Subject}"));
                }
            }

            Assert.Equal(["sink.rebuild bash/20261101"], entries);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private async Task SinkAsync(Store store, string group)
    {
        await using KafkaLogConsumer consumer = await KafkaLog.OpenConsumerAsync(Log, group, s_topics, Cancel);
        await using DeadLetterTopic letters = new(() => KafkaLog.OpenWriter(Log), store.Address.Text, TimeProvider.System);
        await using SinkRun sink = new(consumer, store, batchRows: 70, letters: letters);
        await sink.WaitDrainedAsync(Cancel, KafkaBroker.Partitions * s_topics.Length);
        await sink.StopAsync();
    }

    private async Task CheckAsync(Store store, CheckpointedRun run)
    {
        OperationRun reconciled = await OperationRun.RunAsync(ReconcileOperation.RunAsync, store, Log, ("json", "true"));
        Assert.True(reconciled.ExitCode == 0, reconciled.Report);
        JsonElement[] lines = [.. reconciled.Lines.Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("topic", out _))];
        Assert.Equal(run.Made.Count + 42, lines.Sum(line => line.GetProperty("offsets").GetInt64()));
        Assert.Equal(run.Made.Count, lines.Sum(line => line.GetProperty("rows").GetInt64()));
        Assert.Equal(40, lines.Sum(line => line.GetProperty("duplicates").GetInt64()));
        Assert.Equal(2, lines.Sum(line => line.GetProperty("dead_letters").GetInt64()));
        Assert.All(lines, line => Assert.Equal("log", line.GetProperty("proven_by").GetString()));
        OperationRun verified = await OperationRun.RunAsync(VerifyOperation.RunAsync, store);
        Assert.True(verified.ExitCode == 0, verified.Report);
        Assert.StartsWith($"sound: 1 run (0 without an end), 3 streams, {run.Made.Count} events", verified.Lines[^1], StringComparison.Ordinal);
    }

    private async Task CheckLettersAsync(Store store, byte[] large)
    {
        OperationRun list = await OperationRun.RunAsync(DeadLetterOperations.ListAsync, store, Log, ("from-log", "true"), ("json", "true"));
        string id = _broker!.Address.Split('?')[0]["kafka://".Length..];
        Assert.Equal(
            [$"bash/0/0@kafka:{id}", $"bash/1/280@kafka:{id}"],
            list.Lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetString()).Order(StringComparer.Ordinal));
        OperationRun shown = await OperationRun.RunAsync(DeadLetterOperations.ShowAsync, store, Log, ("from-log", "true"), ("id", "bash/1/280"), ("hex", "true"));
        Assert.Equal(Convert.ToHexStringLower(large), string.Concat(shown.Lines));
    }

    private async Task RebuildAsync(Store store)
    {
        await stores.ExecuteAsync(store, "ALTER TABLE bash DELETE WHERE sequence % 10 = 0 SETTINGS mutations_sync = 1", "DELETE FROM bash WHERE sequence % 10 = 0");
        (string, string)[] parameters = [("topic", Topics.Bash), ("since", "0")];
        OperationRun missing = await OperationRun.RunAsync(ReconcileOperation.RunAsync, store, Log, ("topic", Topics.Bash));
        Assert.Equal(1, missing.ExitCode);

        OperationRun refused = await OperationRun.RunAsync(RebuildOperation.RunAsync, store, LogAddress.Parse(_broker!.Address + "&log.id=another"), parameters);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("24 events are not in the table", refused.Report, StringComparison.Ordinal);
        Assert.Contains("is not here", refused.Report, StringComparison.Ordinal);

        OperationRun rebuilt = await OperationRun.RunAsync(RebuildOperation.RunAsync, store, Log, parameters);
        Assert.True(rebuilt.ExitCode == 0, rebuilt.Report);
        Assert.Contains("240 rows from the log", rebuilt.Report, StringComparison.Ordinal);
    }
}
