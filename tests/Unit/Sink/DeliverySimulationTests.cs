using ECapture.Sink.Delivery;

namespace ECapture.Tests.Unit.Sink;

/// <summary>
/// The delivery protocol under every kind of accident: sinks die at any step, sleep and wake as zombies, race each other; the store
/// fails before and after its effects and is killed between a token and its rows; the log holds events twice.
/// </summary>
public sealed class DeliverySimulationTests
{
    // SIMULATION_SEEDS=20000 looks further; each seed is a history of its own.
    private static int Seeds { get; } = int.Parse(Environment.GetEnvironmentVariable("SIMULATION_SEEDS") ?? "150", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public async Task Deliver_AccidentsAtEveryStep_StoresEachEventOnce()
    {
        Outcome all = await Task.Run(() => Enumerable.Range(0, Seeds).Select(seed => Run(seed, Sabotage.None))
            .Aggregate((a, b) => new Outcome(a.Repeated + b.Repeated, a.Kills + b.Kills, a.Deaths + b.Deaths, a.Overlapped + b.Overlapped, a.ThrownAway + b.ThrownAway, a.Refused + b.Refused)));

        // The accidents that the protocol is for did happen.
        Assert.True(all.Repeated > 100, $"{all.Repeated} blocks were written again");
        Assert.True(all.Kills > 10, $"{all.Kills} kills between token and rows");
        Assert.True(all.Deaths > 100, $"{all.Deaths} sinks died");
        Assert.True(all.Overlapped > 100, $"{all.Overlapped} batches filled while another was written");
        Assert.True(all.Refused > 20, $"{all.Refused} rows were refused");
        Assert.True(all.ThrownAway > 20, $"{all.ThrownAway} batches were thrown away behind one of another sink");
    }

    // The simulation must be able to fail: without any one step of the protocol it does.
    [Theory]
    [InlineData(Sabotage.ForgottenTokens)]
    [InlineData(Sabotage.NoReadBack)]
    [InlineData(Sabotage.NoReplay)]
    [InlineData(Sabotage.OtherRange)]
    [InlineData(Sabotage.NoTakeoverRow)]
    [InlineData(Sabotage.NoCount)]
    [InlineData(Sabotage.ForgottenPositions)]
    [InlineData(Sabotage.RowsBeforePlan)]
    [InlineData(Sabotage.TwoWritesAtOnce)]
    [InlineData(Sabotage.KeptBatch)]
    [InlineData(Sabotage.NoSplitMark)]
    [InlineData(Sabotage.NoPartCount)]
    public async Task Deliver_WithoutOneStep_IsFoundOut(Sabotage sabotage)
    {
        bool isFound = await Task.Run(() => Enumerable.Range(0, 400).Any(seed =>
        {
            try
            {
                Run(seed, sabotage);
                return false;
            }
            catch (Xunit.Sdk.XunitException)
            {
                return true;
            }
        }));

        Assert.True(isFound);
    }

    private static Outcome Run(int seed, Sabotage sabotage)
    {
        Random random = new(seed);
        StepScheduler scheduler = new(random);
        SimulatedStore store = new(scheduler, random)
        {
            FailuresPerThousand = random.Next(3) * 20,
            RefusesRows = sabotage is Sabotage.NoSplitMark or Sabotage.NoPartCount || (sabotage == Sabotage.None && seed % 3 == 0),
            KillsPerThousand = sabotage == Sabotage.None ? random.Next(3) * 5 : random.Next(3) * 100, // what is broken should show soon
        };
        SimulatedLog log = new(random);
        List<SimulatedSink> sinks = [];
        int deaths = 0;
        for (int step = 0; step < 1500; step++)
        {
            if (!sinks.Any(s => s.IsAwake) || random.Next(200) == 0)
            {
                SimulatedSink sink = new(log, store, scheduler, random, sabotage);
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
        store.KillsPerThousand = 0;
        store.RefusesRows = false; // somebody took away what made it refuse them: those that are dead letters stay so
        SimulatedSink last = new(log, store, scheduler, random, sabotage);
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
            .. store.Rows.Concat(store.Refused).GroupBy(row => row.Stream).OrderBy(g => g.Key.Run).Select(g => (g.Key, string.Join(',', g.Select(row => row.Sequence).Order()))),
        ];
        Assert.Equal<(StreamKey, string)[]>(log.Expected, stored);
        return new Outcome(store.Repeated, store.Kills, deaths, sinks.Sum(s => s.Overlapped), sinks.Sum(s => s.ThrownAway), store.Refused.Count);
    }

    private sealed record Outcome(int Repeated, int Kills, int Deaths, int Overlapped, int ThrownAway, int Refused);
}
