using System.Globalization;
using ECapture.Tests.Support;

namespace ECapture.Benchmarks.Capture;

/// <summary>
/// <c>make bench-capture</c>: what capture costs the programs that are captured, beside a floor of the same probes that only count, in turns. The agent writes
/// into its local log; no sink runs.
/// </summary>
internal sealed class CaptureBenchmark(CaptureBenchOptions options)
{
    private const string Nothing = "no probes";
    private readonly Dictionary<(string Workload, string Mode), List<CaptureMeasured>> _measured = [];

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (CaptureBenchOptions.Parse(arguments) is not { } options)
        {
            await Console.Error.WriteLineAsync(CaptureBenchOptions.Usage);
            return 2;
        }

        if (!Environment.IsPrivilegedProcess)
        {
            await Console.Error.WriteLineAsync("bench capture attaches probes: run it as root");
            return 1;
        }

        return await new CaptureBenchmark(options).MeasureAsync();
    }

    private async Task<int> MeasureAsync()
    {
        string load = Load();
        List<(string Name, string Unit, IReadOnlyList<CaptureMode> Modes)> done = [];
        foreach (string name in options.Only)
        {
            await using IWorkload workload = name switch
            {
                "nginx" => await NginxWorkload.StartAsync(),
                "postgres" => await PostgresWorkload.StartAsync(),
                _ => await MariaDbWorkload.StartAsync(),
            };
            CaptureMode[] modes = [new(Nothing), .. workload.Modes];
            await workload.LoadAsync(1); // what is only slow once
            for (int round = 0; round < options.Rounds; round++)
            {
                for (int turn = 0; turn < modes.Length; turn++)
                {
                    await MeasureAsync(workload, modes[(turn + round) % modes.Length], round);
                }
            }

            done.Add((workload.Name, workload.Unit, modes));
        }

        CaptureReport report = new(options, done, _measured, load, Load());
        Console.WriteLine(options.IsJson ? report.ToJson() : report.ToText());
        return 0;
    }

    private async Task MeasureAsync(IWorkload workload, CaptureMode mode, int round)
    {
        await using ServerProcess? floor = mode.Floor is null ? null : await StartFloorAsync(mode.Floor);
        await using RunningAgent? agent = mode.Agent is null ? null : await RunningAgent.StartAsync(options.Ecapture, mode.Agent);
        // An agent runs for days: what it compiles in its first seconds is not its cost. Without an agent or a floor there is nothing to warm up.
        const int WarmUpSeconds = 3;
        long idle = agent?.Memory ?? 0;
        long before = agent is null ? 0 : (await workload.LoadAsync(WarmUpSeconds, mode.PerSecond)).Count;
        double cpu = agent?.Cpu ?? 0;
        (long count, double seconds) = await workload.LoadAsync(options.Seconds, mode.PerSecond);
        cpu = (agent?.Cpu ?? 0) - cpu;
        CaptureMeasured measured = new(count / seconds, before + count, -1, 0, cpu * 1e6 / count, idle, agent?.Memory ?? 0, agent?.Rings ?? 0);
        if (agent is not null)
        {
            (long found, long lost) = await agent.StopAsync(workload.IsCaptured);
            measured = measured with { Captured = mode.IsCounted ? found : -1, Lost = lost };
        }

        (_measured.TryGetValue((workload.Name, mode.Name), out List<CaptureMeasured>? list) ? list : _measured[(workload.Name, mode.Name)] = []).Add(measured);
        Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"round {round + 1} of {options.Rounds}: {workload.Name}, {mode.Name}: {measured.Rate:0} {workload.Unit}/s, captured {measured.Captured} of {measured.Offered}, lost {measured.Lost}, agent {measured.CpuPerMillion:0.0} s CPU per 1 M, {measured.IdleRss >> 20} MB before, {measured.LoadedRss >> 20} MB; load {Load()}"));
    }

    private static async Task<ServerProcess> StartFloorAsync(string program)
    {
        const string Begun = "counting";
        ServerProcess bpftrace = ServerProcess.Start("/usr/bin/bpftrace", ["-e", $"BEGIN {{ printf(\"{Begun}\\n\"); }} {program}"]);
        await bpftrace.WaitReadyAsync(
            _ => Task.FromResult(bpftrace.Output.Contains(Begun, StringComparison.Ordinal)), TimeSpan.FromSeconds(60), CancellationToken.None);
        return bpftrace;
    }

    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
