using System.Diagnostics;
using System.Globalization;
using ECapture.Events;
using ECapture.Tests.Chaos.World;
using ECapture.Tests.Support.Cli;
using ECapture.Tests.Support.Network;

namespace ECapture.Tests.Chaos.Faults;

/// <summary>Does a round's faults to a world, each at its moment, and undoes them.</summary>
internal sealed class FaultRunner(PipelineWorld world, Action<string> tell)
{
    private static readonly string[] s_tables = [Topics.Tls, Topics.Packet, Topics.Bash, Topics.Process, Topics.Postgres, Topics.Connection];
    private static readonly TimeSpan s_rebuild = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_lastOfTheDisk = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<string, SemaphoreSlim> _busy = new(StringComparer.Ordinal);

    /// <summary>Returns when all were undone.</summary>
    public async Task RunAsync(IReadOnlyList<Fault> faults, CancellationToken cancellationToken)
    {
        foreach (Fault fault in faults)
        {
            _busy.TryAdd(fault.Target, new SemaphoreSlim(1));
        }

        long started = Stopwatch.GetTimestamp();
        await Task.WhenAll(faults.Select(async fault =>
        {
            TimeSpan wait = TimeSpan.FromSeconds(fault.At) - Stopwatch.GetElapsedTime(started);
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, cancellationToken);
            // What takes longer than planned makes the next fault of the same target wait.
            await _busy[fault.Target].WaitAsync(cancellationToken);
            try
            {
                tell($"{Stopwatch.GetElapsedTime(started).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture),5} s  {fault}");
                await RunAsync(fault, cancellationToken);
            }
            finally
            {
                _busy[fault.Target].Release();
            }
        }));
    }

    private Task RunAsync(Fault fault, CancellationToken cancellationToken)
    {
        TimeSpan hold = TimeSpan.FromSeconds(fault.Hold);
        string name = fault.Target[(fault.Target.IndexOf(' ', StringComparison.Ordinal) + 1)..];
        return fault.Target.Split(' ')[0] switch
        {
            "sink" when fault.Kind == FaultKind.Isolate => IsolateAsync(name, hold, cancellationToken),
            "sink" => PartAsync(world.Sinks[name], fault.Kind, hold, cancellationToken),
            "feeder" => PartAsync(world.Feeders[name].Part, fault.Kind, hold, cancellationToken),
            "clock" => Step(name, fault.Step),
            "disk" => DiskAsync(name, hold, cancellationToken),
            "link" => LinkAsync(fault.Target, fault.Kind, hold, cancellationToken),
            "rebuild" => RebuildAsync(name, s_tables[fault.Step], cancellationToken),
            "clickhouse" when fault.Kind == FaultKind.Tear => TearAsync(hold, cancellationToken),
            "broker" => BrokerAsync(fault.Kind, hold, cancellationToken),
            "clickhouse" => RestartAsync(world.ClickHouse!.HasExited ? () => Task.CompletedTask : world.ClickHouse.KillAsync, () => world.ClickHouse.RestartAsync(cancellationToken), hold, cancellationToken),
            "postgres" => RestartAsync(world.Postgres.HasExited ? () => Task.CompletedTask : world.Postgres.KillAsync, () => world.Postgres.RestartAsync(cancellationToken), hold, cancellationToken),
            _ => throw new ArgumentException($"there is no {fault.Target}"),
        };
    }

    private static async Task PartAsync(Part part, FaultKind kind, TimeSpan hold, CancellationToken cancellationToken)
    {
        switch (kind)
        {
            case FaultKind.Kill:
                await part.KillAsync();
                await Task.Delay(hold, cancellationToken);
                part.Start();
                break;
            case FaultKind.Leave:
                await part.StopAsync();
                await Task.Delay(hold, cancellationToken);
                part.Start();
                break;
            case FaultKind.Freeze:
                part.Freeze();
                await Task.Delay(hold, cancellationToken);
                part.Thaw();
                break;
            case FaultKind.Join or FaultKind.JoinAndKill:
                part.Start();
                await Task.Delay(hold, cancellationToken);
                await (kind == FaultKind.Join ? part.StopAsync() : part.KillAsync());
                break;
        }
    }

    private Task Step(string feeder, long seconds)
    {
        world.Feeders[feeder].Part.Send(string.Create(CultureInfo.InvariantCulture, $"step {seconds * 1_000_000_000}"));
        return Task.CompletedTask;
    }

    private async Task DiskAsync(string name, TimeSpan hold, CancellationToken cancellationToken)
    {
        // A disk does not fill up from one instant to the next, and a program may look at what is left before it writes.
        world.Disk(name).Fill(leave: 4 << 20);
        await Task.Delay(s_lastOfTheDisk, cancellationToken);
        world.Disk(name).Fill();
        await Task.Delay(hold, cancellationToken);
        world.Disk(name).Free();
    }

    private async Task LinkAsync(string name, FaultKind kind, TimeSpan hold, CancellationToken cancellationToken)
    {
        world.SetLink(name, kind switch
        {
            FaultKind.Cut => LinkState.Cut,
            FaultKind.Stall => LinkState.Stalled,
            _ => LinkState.Slow,
        });
        await Task.Delay(hold, cancellationToken);
        world.SetLink(name, LinkState.Open);
    }

    // The rebuild holds the sinks' batches back: whoever is killed then runs the batch again whose tokens the swap forgot.
    private async Task RebuildAsync(string group, string table, CancellationToken cancellationToken)
    {
        (string store, string log) = world.Addresses().First(address => address.Store.StartsWith(group == "ch" ? "clickhouse" : "postgres", StringComparison.Ordinal));
        using Process rebuild = Ecapture.Start(
            ["sink", "rebuild", "--module", table, "--since", "10d", "--store", store, "--log", log, "--data", Path.Combine(world.Folder, "data-rebuild-" + group)],
            new Dictionary<string, string>());
        Task<string> output = rebuild.StandardOutput.ReadToEndAsync(cancellationToken);
        Task<string> errors = rebuild.StandardError.ReadToEndAsync(cancellationToken);
        Task ended = rebuild.WaitForExitAsync(cancellationToken);
        Part[] sinks = [.. world.Sinks.Where(sink => sink.Key.StartsWith(group, StringComparison.Ordinal) && !PipelineWorld.IsExtra(sink.Key)).Select(sink => sink.Value)];
        if (await world.IsRebuildingAsync(group, table, ended, cancellationToken))
        {
            await Task.WhenAll(sinks.Select(sink => sink.KillAsync()));
        }

        if (await Task.WhenAny(ended, Task.Delay(s_rebuild, cancellationToken)) != ended)
        {
            rebuild.Kill(); // its hold ends by itself
            await ended;
        }

        foreach (Part sink in sinks)
        {
            sink.Start();
        }

        string[] said = (await output + await errors).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        tell($"rebuild {group}: ended with {rebuild.ExitCode}: {said.LastOrDefault()}");
    }

    // No answer reaches a sink any more: a part that appears now was acknowledged to nobody, and what the network still holds of answers is thrown away with the engine. It writes its
    // token first, so this is what a kill between the two leaves.
    private async Task TearAsync(TimeSpan hold, CancellationToken cancellationToken)
    {
        string[] links = [.. world.StoreLinks("ch")];
        for (int attempt = 0; attempt < 60 && !world.ClickHouse!.HasExited; attempt++)
        {
            SetAll(LinkState.Stalled);
            IReadOnlySet<string> before = world.EngineParts.List();
            for (int look = 0; look < 40; look++)
            {
                await Task.Delay(10, cancellationToken);
                if (world.EngineParts.List().Except(before).Any())
                {
                    await RestartAsync(
                        async () =>
                        {
                            await world.ClickHouse.KillAsync();
                            SetAll(LinkState.Cut);
                            tell($"clickhouse: {world.EngineParts.Tear(before)} parts are gone, their tokens are there");
                        },
                        () => world.ClickHouse.RestartAsync(cancellationToken),
                        hold,
                        cancellationToken);
                    SetAll(LinkState.Open);
                    return;
                }
            }

            SetAll(LinkState.Open);
            await Task.Delay(50, cancellationToken);
        }

        void SetAll(LinkState state)
        {
            foreach (string link in links)
            {
                world.SetLink(link, state);
            }
        }
    }

    private async Task IsolateAsync(string sink, TimeSpan hold, CancellationToken cancellationToken)
    {
        TimeSpan last = TimeSpan.FromSeconds(1.5);
        world.SetLink($"link {sink} store", LinkState.Stalled);
        await Task.Delay(200, cancellationToken); // some batch is under way by then
        world.SetLink($"link {sink} broker", LinkState.Cut);
        await Task.Delay(hold - last, cancellationToken);
        world.SetLink($"link {sink} store", LinkState.Open);
        await Task.Delay(last, cancellationToken);
        world.SetLink($"link {sink} broker", LinkState.Open);
    }

    private async Task BrokerAsync(FaultKind kind, TimeSpan hold, CancellationToken cancellationToken)
    {
        if (kind == FaultKind.Freeze)
        {
            world.Broker!.Freeze();
            await Task.Delay(hold, cancellationToken);
            world.Broker!.Thaw();
            return;
        }

        await RestartAsync(world.Broker!.KillAsync, world.Broker!.RestartAsync, hold, cancellationToken);
    }

    // A server whose disk is full may not start: it is tried again until the disk has room.
    private async Task RestartAsync(Func<Task> kill, Func<Task> restart, TimeSpan hold, CancellationToken cancellationToken)
    {
        await kill();
        await Task.Delay(hold, cancellationToken);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await restart();
                return;
            }
            catch (InvalidOperationException e) when (attempt < 10)
            {
                tell($"does not start: {e.Message.Split('\n')[0]}");
                await Task.Delay(500, cancellationToken);
            }
        }
    }
}
