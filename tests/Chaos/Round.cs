using System.Diagnostics;
using System.Globalization;
using ECapture.Log;
using ECapture.Tests.Chaos.Checking;
using ECapture.Tests.Chaos.Faults;
using ECapture.Tests.Chaos.World;

namespace ECapture.Tests.Chaos;

/// <summary>One history: a pipeline starts, things happen to it, it heals, drains and stops, and its stores are compared with its local logs.</summary>
internal sealed class Round
{
    private static readonly TimeSpan s_firstRows = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan s_noProgress = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(400);

    private readonly int _seed;
    private readonly ChaosOptions _options;
    private readonly string _folder;
    private readonly Action<string> _tell;
    private readonly bool _isFleet;
    private readonly bool _startsCold;
    private readonly List<string> _faults = [];

    public Round(int seed, ChaosOptions options, string folder, Action<string> tell)
    {
        _seed = seed;
        _options = options;
        _folder = folder;
        _tell = tell;
        _isFleet = options.IsDirected || options.IsReal || seed % 4 != 0;
        _startsCold = !options.IsDirected && seed % 3 == 0;
    }

    /// <summary>What it is made of.</summary>
    public string Shape => (_options.IsReal ? "two agents and one with probes, Kafka, sinks into ClickHouse and PostgreSQL"
        : _isFleet ? "two agents, Kafka, sinks into ClickHouse and PostgreSQL" : "one machine: local log, sinks into the in-process engine and PostgreSQL")
        + (_startsCold ? "; faults from the first moment" : "");

    /// <summary>What came of it, in a line.</summary>
    public string Verdict { get; private set; } = "did not end";

    /// <summary>Where the output of a failed round's parts was kept.</summary>
    public string Kept { get; private set; } = "";

    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_folder);
        await using PipelineWorld world = await PipelineWorld.StartAsync(new WorldOptions(_seed, _folder, _isFleet, _options.IsReal, _options.Rate, HasPoison: !_options.IsDirected), line => _tell("         " + line), cancellationToken);
        try
        {
            await LiveAsync(world, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _faults.Add($"the round broke off: {e}");
        }

        if (_faults.Count > 0)
        {
            Verdict = $"FAILED: {_faults.Count} differences";
            _faults.Take(20).ToList().ForEach(fault => _tell("  " + fault));
            Keep(world.Logs);
        }

        return _faults.Count == 0;
    }

    private async Task LiveAsync(PipelineWorld world, CancellationToken cancellationToken)
    {
        foreach (Part part in world.Parts.Where(part => !PipelineWorld.IsExtra(part.Name)))
        {
            part.Start();
        }

        await using RealLoad? load = _options.IsReal ? await RealLoad.StartAsync() : null;
        if (!_startsCold)
        {
            await WaitForAsync(world, "the first rows", s_firstRows, async stores => (await CountsAsync(stores, cancellationToken)).All(count => count > 0), cancellationToken);
        }

        IReadOnlyList<Fault> faults = _options.IsDirected ? FaultPlan.Directed : FaultPlan.Random(_seed, world.Targets(), _options.Seconds);
        await new FaultRunner(world, _tell).RunAsync(faults, cancellationToken);
        await world.ReviveServersAsync(cancellationToken);

        long healed = Stopwatch.GetTimestamp();
        await (world.Poison?.StopAsync(s_noProgress) ?? Task.CompletedTask);
        List<(Guid Run, long Published)> drained = await DrainFeedersAsync(world, cancellationToken);
        Truth truth = new();
        foreach (FeederPart feeder in world.Feeders.Values)
        {
            await truth.AddAsync(feeder.Directory, cancellationToken);
        }

        CheckLogs(world, truth, drained);
        await DrainAsync(world, truth, cancellationToken);
        double seconds = Stopwatch.GetElapsedTime(healed).TotalSeconds;
        await StopAsync(world);
        IReadOnlyList<IStoreQuery> stores = await world.QueriesAsync(isEnd: true, cancellationToken);
        foreach (IStoreQuery store in stores)
        {
            _faults.AddRange(await StoreCheck.CompareAsync(store, truth, cancellationToken));
            _faults.AddRange(await LetterCheck.CompareAsync(store, world.Poison?.Written ?? [], cancellationToken));
        }

        foreach ((string store, string log) in world.Addresses())
        {
            _faults.AddRange(await OwnCommands.CheckAsync(store, log, _folder));
            if (world.Poison is not null)
            {
                _faults.AddRange(await OwnCommands.CheckLettersAsync(store, log, _folder));
            }
        }

        if (_faults.Count > 0)
        {
            await KeepBooksAsync(stores, world.Logs, cancellationToken);
        }

        Verdict = string.Create(CultureInfo.InvariantCulture,
            $"ok: {truth.Events} events and {world.Poison?.Written.Count ?? 0} records that are none of {truth.Streams.Count} streams of {truth.Runs.Count()} runs, each once in {string.Join(" and ", stores.Select(s => s.Name))}; "
            + $"{faults.Count} faults; {truth.Losses.Values.Sum(loss => loss.Records)} declared lost before the log; drained {seconds:0.0} s after the last fault; "
            + $"{world.Sinks.Values.Sum(sink => sink.Replays)} batches run again, {world.Sinks.Values.Sum(sink => sink.Superseded)} given up for another sink's, {world.Sinks.Values.Sum(sink => sink.Repairs)} repaired; "
            + $"{world.Parts.Sum(part => part.SelfEnds)} starts that failed");
    }

    // Afterwards nothing is appended any more; what was is still forwarded.
    private async Task<List<(Guid Run, long Published)>> DrainFeedersAsync(PipelineWorld world, CancellationToken cancellationToken)
    {
        List<(Guid Run, long Published)> drained = [];
        foreach (FeederPart feeder in world.Feeders.Values)
        {
            feeder.Part.Start();
            if (feeder.Forwarder is not null)
            {
                if (await feeder.Part.StopAsync() is not 0 and var code)
                {
                    _faults.Add($"{feeder.Part.Name} was told to end and ended with {code}");
                }

                feeder.Forwarder.Start();
            }
            else
            {
                feeder.Part.Send("drain");
            }
        }

        foreach (FeederPart feeder in world.Feeders.Values.Where(feeder => feeder.Forwarder is null))
        {
            drained.Add(await feeder.Drained.WaitAsync(s_noProgress, cancellationToken));
        }

        return drained;
    }

    // What the logs acknowledged is in them, and what a run that ended well published is in its log or declared.
    private void CheckLogs(PipelineWorld world, Truth truth, List<(Guid Run, long Published)> drained)
    {
        _faults.AddRange(truth.Faults);
        foreach (((Guid run, string topic), ulong last) in world.Feeders.Values.SelectMany(feeder => feeder.Acknowledged()))
        {
            long held = truth.Streams.GetValueOrDefault(new StreamId(topic, run, 0), new StreamSummary(0, 0, 0, -1, 0)).Last;
            if (held < (long)last)
            {
                _faults.Add($"the local log acknowledged {topic} of run {run} up to {last}, and holds it up to {held}");
            }
        }

        foreach ((Guid run, long published) in drained)
        {
            long held = truth.Streams.Where(stream => stream.Key.Run == run).Sum(stream => stream.Value.Events);
            (long losses, long declared) = truth.Losses.GetValueOrDefault(run);
            if (held - losses + declared != published)
            {
                _faults.Add($"run {run} published {published} events; its log holds {held - losses}, and {declared} are declared lost");
            }
        }
    }

    private async Task DrainAsync(PipelineWorld world, Truth truth, CancellationToken cancellationToken)
    {
        // An in-process engine answers nobody else: its sink has drained when the log says that its group has.
        long best = -1;
        long since = Stopwatch.GetTimestamp();
        while (true)
        {
            IReadOnlyList<IStoreQuery> stores = await world.QueriesAsync(isEnd: false, cancellationToken);
            long[] counts = await CountsAsync(stores, cancellationToken);
            long behind = _isFleet ? 0 : Lag(world.Feeders["a"].Directory, truth);
            long unburied = await LetterCheck.MissingAsync(stores, world.Poison?.Written ?? [], cancellationToken);
            if (counts.All(count => count >= truth.Events) && behind == 0 && unburied == 0)
            {
                return;
            }

            long progress = counts.Sum() - behind - unburied;
            if (progress > best)
            {
                best = progress;
                since = Stopwatch.GetTimestamp();
            }
            else if (Stopwatch.GetElapsedTime(since) > s_noProgress)
            {
                _faults.Add($"nothing moved for {s_noProgress.TotalSeconds} s: {string.Join(", ", stores.Zip(counts, (store, count) => $"{store.Name} has {count}"))} of {truth.Events} events, local group behind by {behind}, {unburied} dead letters missing");
                return;
            }

            await Task.Delay(s_look, cancellationToken);
        }
    }

    private static long Lag(string log, Truth truth)
    {
        Dictionary<TopicPartition, long> committed = LocalGroup.Positions(log, "chdb");
        return truth.Ends.Sum(end => end.Value - committed.GetValueOrDefault(end.Key));
    }

    private async Task StopAsync(PipelineWorld world)
    {
        foreach (Part part in world.Parts)
        {
            if (await part.StopAsync() is not 0 and var code && !part.Name.StartsWith("feeder", StringComparison.Ordinal))
            {
                _faults.Add($"{part.Name} was told to end and {(code is null ? "had to be killed after 90 s" : $"ended with {code}")}");
            }

            _faults.AddRange(part.Faults);
        }
    }

    private async Task WaitForAsync(
        PipelineWorld world, string what, TimeSpan limit, Func<IReadOnlyList<IStoreQuery>, Task<bool>> condition, CancellationToken cancellationToken)
    {
        IReadOnlyList<IStoreQuery> stores = await world.QueriesAsync(isEnd: false, cancellationToken);
        long started = Stopwatch.GetTimestamp();
        while (!await condition(stores))
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"not within {limit.TotalSeconds} s: {what}");
            }

            await Task.Delay(s_look, cancellationToken);
        }
    }

    // A store whose tables are not made yet has none.
    private static async Task<long[]> CountsAsync(IReadOnlyList<IStoreQuery> stores, CancellationToken cancellationToken)
    {
        long[] counts = new long[stores.Count];
        for (int i = 0; i < counts.Length; i++)
        {
            try
            {
                counts[i] = await StoreCheck.CountAsync(stores[i], cancellationToken);
            }
            catch (Exception e) when (e is Npgsql.PostgresException { SqlState: "42P01" } || (e is InvalidOperationException && e.Message.Contains("UNKNOWN_TABLE", StringComparison.Ordinal)))
            {
                counts[i] = 0;
            }
        }

        return counts;
    }

    // What the sinks wrote down of their batches, for whoever looks for the cause.
    private static async Task KeepBooksAsync(IReadOnlyList<IStoreQuery> stores, string logs, CancellationToken cancellationToken)
    {
        foreach (IStoreQuery store in stores)
        {
            List<string[]> accounts = await store.SelectAsync(
                "SELECT topic, log_partition, from_offset, to_offset, hour, records, events, duplicates, dead_letters, gap, at FROM sink_account ORDER BY topic, log_partition, from_offset, at",
                cancellationToken);
            await File.WriteAllLinesAsync(Path.Combine(logs, $"accounts-{store.Name}.tsv"), accounts.Select(row => string.Join('\t', row)), cancellationToken);
        }
    }

    private void Keep(string logs)
    {
        Kept = Directory.CreateDirectory(Path.Combine(_options.Keep, $"seed-{_seed}")).FullName;
        foreach (string file in Directory.EnumerateFiles(logs))
        {
            File.Copy(file, Path.Combine(Kept, Path.GetFileName(file)), overwrite: true);
        }
    }
}
