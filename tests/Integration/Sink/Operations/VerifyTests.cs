using System.Text.Json;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Sink.Verify;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Integration.Sink.Operations;

/// <summary><c>ecapture verify</c> over real stores that somebody changes by hand.</summary>
public sealed class VerifyTests(StoresFixture stores)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_StoreIsAsItWasWritten_IsSoundAndEveryChangeIsFoundExactly(StoreKind kind)
    {
        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
        CheckpointedRun run = CheckpointedRun.Make(seed: 31, rounds: 5, eventsPerRound: 40, Topics.Tls, Topics.Bash, Topics.Postgres);
        await StoreAsync(store, run);

        OperationRun sound = await OperationRun.RunAsync(VerifyOperation.RunAsync, store);

        Assert.True(sound.ExitCode == 0, sound.Report);
        Assert.StartsWith("sound: 1 run (0 without an end), 4 streams, 607 events, ", sound.Lines[^1], StringComparison.Ordinal);
        Assert.Contains("  tls/0: 200 events, 200 verified", sound.Lines);

        // One byte of one row: sequence 50 lies between the checkpoints at 39 and 79.
        await stores.ExecuteAsync(
            store,
            "ALTER TABLE tls UPDATE event = concat(substring(event, 1, length(event) - 1), char(bitXor(ascii(substring(event, length(event))), 1))) WHERE sequence = 50 SETTINGS mutations_sync = 1",
            "UPDATE tls SET event = set_byte(event, length(event) - 1, get_byte(event, length(event) - 1) # 1) WHERE sequence = 50");
        // One row gone, of another stream: as one that the store refused, which is kept as a dead letter.
        await stores.ExecuteAsync(
            store,
            "INSERT INTO dead_letter (log, topic, log_partition, log_offset, at, kind, error, event) SELECT 'x', 'bash', 0, 1, now64(3), 'refused', 'x', concat(substring(event, 1, data_at), data, substring(event, data_at + 1)) FROM bash WHERE sequence = 100",
            "INSERT INTO dead_letter (log, topic, log_partition, log_offset, at, kind, error, event) SELECT 'x', 'bash', 0, 1, now(), 'refused', 'x', substring(event FROM 1 FOR data_at) || data || substring(event FROM data_at + 1) FROM bash WHERE sequence = 100");
        await stores.ExecuteAsync(store, "ALTER TABLE bash DELETE WHERE sequence = 100 SETTINGS mutations_sync = 1", "DELETE FROM bash WHERE sequence = 100");
        // One row twice, of a third.
        await stores.ExecuteAsync(
            store,
            "INSERT INTO postgres SELECT * FROM postgres WHERE sequence = 7",
            "INSERT INTO postgres SELECT * FROM postgres WHERE sequence = 7");

        OperationRun changed = await OperationRun.RunAsync(VerifyOperation.RunAsync, store);

        Assert.Equal(1, changed.ExitCode);
        string[] findings = [.. changed.Lines.Where(line => line.Contains("MISSING", StringComparison.Ordinal) || line.Contains("ALTERED", StringComparison.Ordinal) || line.Contains("TWICE", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        Assert.Equal<string[]>(
            [
                "  bash/0: MISSING 1: sequence 100",
                "  postgres/0: TWICE 1: sequence 7",
                "  tls/0: ALTERED between the checkpoints around sequence 40..79",
            ],
            findings);
        Assert.Contains("  bash/0: 1 of these the store refused, they are kept: `ecapture dlq list --topic bash`", changed.Lines);
        Assert.Contains("1 missing, 1 altered interval, 1 twice", changed.Lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_Json_SaysLossesAndUncleanEndsAndWholeStreamsThatAreGone(StoreKind kind)
    {
        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
        CheckpointedRun run = new(seed: 32, host: "db2");
        run.State(AgentState.Types.State.Started);
        run.Add(Topics.Bash, 10);
        run.Append(Topics.Agent, new Event { Loss = new Loss { Where = "ring:bash", Why = "full", Records = 3 } });
        run.Append(Topics.Agent, new Event { Loss = new Loss { Where = "ring:bash", Why = "full", Records = 4 } });
        run.Checkpoint();
        await StoreAsync(store, run);
        await StoreAsync(store, CheckpointedRun.Make(seed: 33, rounds: 1, eventsPerRound: 2, Topics.Tls));
        await stores.ExecuteAsync(store, "TRUNCATE TABLE bash", "TRUNCATE TABLE bash");

        OperationRun outcome = await OperationRun.RunAsync(VerifyOperation.RunAsync, store, null, ("json", "true"), ("run", run.Run.ToString("D")));

        Assert.Equal(1, outcome.ExitCode);
        JsonElement[] lines = [.. outcome.Lines.Select(line => JsonDocument.Parse(line).RootElement)];
        JsonElement stream = Assert.Single(lines, line => line.TryGetProperty("stream", out JsonElement name) && name.GetString() == $"{run.Run}/bash/0");
        Assert.Equal((10, "0..9"), (stream.GetProperty("missing").GetInt32(), stream.GetProperty("missing_sequences")[0].GetString()));
        JsonElement record = Assert.Single(lines, line => line.TryGetProperty("losses", out _));
        Assert.Equal(7, Assert.Single(record.GetProperty("losses").EnumerateArray()).GetProperty("records").GetInt32());
        Assert.Equal(JsonValueKind.Null, record.GetProperty("stopped").ValueKind);
        Assert.Equal("db2", record.GetProperty("host").GetString());
        Assert.False(lines[^1].GetProperty("sound").GetBoolean());
    }

    private static async Task StoreAsync(Store store, CheckpointedRun run)
    {
        MemoryLog log = new(Guid.NewGuid().ToString("N"));
        foreach (LogEntry entry in run.Entries)
        {
            log.Append(entry.TopicPartition, entry.Value.ToArray());
        }

        await using SinkRun sink = new(log, store, batchRows: 37, recordsPerDelivery: 20);
        await sink.WaitDrainedAsync(Cancel);
    }
}
