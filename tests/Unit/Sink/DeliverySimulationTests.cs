using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Sink;
using ECapture.Sink.ClickHouse;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.Unit.Sink;

/// <summary>
/// The delivery protocol under every kind of accident: sinks die at any step, sleep and wake as zombies, race each other; the store
/// fails before and after its effects and is killed between a token and its rows; the log holds events twice.
/// </summary>
public sealed class DeliverySimulationTests
{
    private static readonly TopicPartition Partition = new(Topics.Agent, 0);

    // SIMULATION_SEEDS=20000 looks further; each seed is a history of its own.
    private static int Seeds { get; } = int.Parse(Environment.GetEnvironmentVariable("SIMULATION_SEEDS") ?? "150", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public async Task Deliver_AccidentsAtEveryStep_StoresEachEventOnce()
    {
        (int repeated, int kills, int deaths) = await Task.Run(() =>
        {
            int repeated = 0, kills = 0, deaths = 0;
            for (int seed = 0; seed < Seeds; seed++)
            {
                Outcome outcome = Run(seed);
                repeated += outcome.Repeated;
                kills += outcome.Kills;
                deaths += outcome.Deaths;
            }

            return (repeated, kills, deaths);
        });

        // The accidents that the protocol is for did happen.
        Assert.True(repeated > 100, $"{repeated} blocks were written again");
        Assert.True(kills > 10, $"{kills} kills between token and rows");
        Assert.True(deaths > 100, $"{deaths} sinks died");
    }

    [Fact]
    public async Task Deliver_WithoutTokens_IsFoundOut()
    {
        // The simulation must be able to fail: a store that forgets its tokens stores rows twice.
        bool isFound = await Task.Run(() => Enumerable.Range(0, 50).Any(seed =>
        {
            try
            {
                Run(seed, breakTokens: true);
                return false;
            }
            catch (Xunit.Sdk.XunitException)
            {
                return true;
            }
        }));

        Assert.True(isFound);
    }

    private static Outcome Run(int seed, bool breakTokens = false)
    {
        Random random = new(seed);
        StepScheduler scheduler = new(random);
        SimulatedStore store = new(scheduler, random) { FailuresPerThousand = random.Next(3) * 20 };
        SimulatedLog log = new(random);
        List<SimulatedSink> sinks = [];
        int deaths = 0;
        for (int step = 0; step < 1500; step++)
        {
            if (!sinks.Any(s => s.IsAwake) || random.Next(200) == 0)
            {
                SimulatedSink sink = new(log, store, scheduler, random, breakTokens);
                sinks.Add(sink);
                scheduler.Start(sink, sink.RunAsync);
            }

            SimulatedSink[] awake = [.. sinks.Where(s => s.IsAwake)];
            if (random.Next(40) == 0 && awake.Length > 0)
            {
                // Falls asleep in the middle of whatever it does: dead unless it wakes.
                awake[random.Next(awake.Length)].IsAwake = false;
                deaths++;
            }

            SimulatedSink[] asleep = [.. sinks.Where(s => !s.IsAwake)];
            if (random.Next(150) == 0 && asleep.Length > 0)
            {
                asleep[random.Next(asleep.Length)].IsAwake = true;
            }

            log.MaybeAppend();
            scheduler.Step(actor => ((SimulatedSink)actor).IsAwake);
        }

        // In the end everybody is dead, the store is well, and one sink goes on alone.
        sinks.ForEach(s => s.IsAwake = false);
        store.FailuresPerThousand = 0;
        SimulatedSink last = new(log, store, scheduler, random, breakTokens);
        scheduler.Start(last, last.RunAsync);
        for (int step = 0; last.Stored < log.End; step++)
        {
            Assert.True(step < 100_000, $"seed {seed}: stuck at {last.Stored} of {log.End}");
            scheduler.Step(actor => ReferenceEquals(actor, last));
        }

        foreach (SimulatedSink sink in sinks.Append(last))
        {
            Assert.Null(sink.Fault);
        }

        (StreamKey, string)[] stored =
        [
            .. store.Rows.GroupBy(row => row.Stream).OrderBy(g => g.Key.Run).Select(g => (g.Key, string.Join(',', g.Select(row => row.Sequence).Order()))),
        ];
        Assert.Equal<(StreamKey, string)[]>(log.Expected, stored);
        return new Outcome(store.Repeated, store.Kills, deaths);
    }

    private sealed record Outcome(int Repeated, int Kills, int Deaths);

    /// <summary>Events of three runs; a forwarder that lost an acknowledgement sends some again, and offsets have gaps.</summary>
    private sealed class SimulatedLog(Random random)
    {
        private readonly Guid[] _runs = [.. Enumerable.Range(0, 3).Select(i => new Guid(i + 1, 0, 0, new byte[8]))];
        private readonly ulong[] _next = new ulong[3];
        private readonly List<LogRecord> _records = [];

        public long End => _records.Count == 0 ? 0 : _records[^1].Offset + 1;

        public (StreamKey, string)[] Expected =>
            [.. Enumerable.Range(0, 3).Where(i => _next[i] > 0).Select(i => (Key(i), string.Join(',', Enumerable.Range(0, (int)_next[i]))))];

        public LogRecord[] Read(long from, int count) => [.. _records.Where(r => r.Offset >= from).Take(count)];

        public void MaybeAppend()
        {
            if (random.Next(4) != 0 || _records.Count > 150)
            {
                return;
            }

            int run = random.Next(3);
            if (random.Next(10) == 0 && _next[run] > 2)
            {
                for (ulong sequence = _next[run] - 2; sequence < _next[run]; sequence++)
                {
                    Append(run, sequence);
                }
            }

            Append(run, _next[run]++);
        }

        private void Append(int run, ulong sequence)
        {
            Event made = new()
            {
                Run = ByteString.CopyFrom(_runs[run].ToByteArray(bigEndian: true)),
                Topic = Topics.Agent,
                Sequence = sequence,
                WallNs = 86_400_000_000_000 * (1 + (sequence / 5 % 3)),
                AgentState = new AgentState { Module = "m" },
            };
            _records.Add(new LogRecord(End + (random.Next(10) == 0 ? 1 : 0), default, made.ToByteArray()));
        }

        private StreamKey Key(int run) =>
            new(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(_runs[run].ToByteArray(bigEndian: true)), 0);
    }

    /// <summary>What SinkWorker does with one partition, a step at a time.</summary>
    private sealed class SimulatedSink(SimulatedLog log, SimulatedStore store, StepScheduler scheduler, Random random, bool breakTokens)
    {
        private static readonly SinkOptions Options = new();

        private readonly PartitionWork _work = new(Partition, store.CreateBatch(null!), TimeProvider.System, new SinkMetrics(() => null!));
        private readonly PlannedDelivery _delivery = new(
            breakTokens ? new ForgetfulStore(store, random) : store, Guid.NewGuid(), NullLogger.Instance);

        public bool IsAwake { get; set; } = true;

        public long Stored => _work.Progress.Phase == PartitionPhase.Loading ? 0 : _work.Progress.From;

        public Exception? Fault { get; private set; }

        public async Task RunAsync()
        {
            try
            {
                PartitionId id = new("log", Partition.Topic, Partition.Partition);
                _work.Progress.Resume(await AgainAsync(() => _delivery.LoadAsync(id, default)), first: 0);
                while (true)
                {
                    await scheduler.TurnAsync();
                    _work.Take(log.Read(_work.Progress.Next, random.Next(1, 12)), Options);
                    bool mayClose = _work.Progress.ReplayTo is null ? _work.Progress.HasRecords && random.Next(3) == 0 : _work.Progress.IsReplayComplete;
                    if (!mayClose)
                    {
                        continue;
                    }

                    Plan plan = _work.Progress.Close();
                    WriteOutcome outcome = await AgainAsync(() => _delivery.WriteAsync(id, plan, _work.Batch, default));
                    if (outcome.Superseded is { } winner)
                    {
                        _work.Progress.Resume(winner, first: 0);
                    }
                    else
                    {
                        _work.Progress.Written();
                    }

                    _work.Clear();
                }
            }
            catch (Exception e)
            {
                Fault = e;
                throw;
            }
        }

        private static async Task<T> AgainAsync<T>(Func<Task<T>> call)
        {
            while (true)
            {
                try
                {
                    return await call();
                }
                catch (StoreException e) when (e.IsTransient)
                {
                    // Again, as the sink does.
                }
            }
        }
    }

    /// <summary>A store whose deduplication does not work.</summary>
    private sealed class ForgetfulStore(SimulatedStore store, Random random) : IPlanStore
    {
        public BlockBatch CreateBatch(ECapture.Storage.Tables.EventTable table) => store.CreateBatch(table);

        public Task<PlanRow?> LastPlanAsync(PartitionId partition, CancellationToken cancellationToken) => store.LastPlanAsync(partition, cancellationToken);

        public Task InsertPlanAsync(PartitionId partition, PlanRow row, long expected, CancellationToken cancellationToken) =>
            store.InsertPlanAsync(partition, row, expected, cancellationToken);

        public Task InsertBlockAsync(Block block, string token, CancellationToken cancellationToken) =>
            store.InsertBlockAsync(block, $"{token}/{random.Next()}", cancellationToken);

        public Task<long> CountAsync(Block block, CancellationToken cancellationToken) => store.CountAsync(block, cancellationToken);
    }
}
