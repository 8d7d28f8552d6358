using System.Globalization;
using ECapture.Benchmarks.Sink;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Tests.Support;

namespace ECapture.Benchmarks.Capture;

/// <summary>An <c>ecapture capture</c> that writes into a local log of its own.</summary>
internal sealed class RunningAgent(ServerProcess process, string folder) : IAsyncDisposable
{
    /// <summary>Starts it and waits until it has attached.</summary>
    public static async Task<RunningAgent> StartAsync(string program, IEnumerable<string> arguments)
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-bench-").FullName;
        ServerProcess process = ServerProcess.Start(program, ["capture", "--data", folder, "--seal-to", "none", .. arguments]);
        RunningAgent agent = new(process, folder);
        string ready = Path.Combine(folder, "run", "capture.json");
        await process.WaitReadyAsync(_ => Task.FromResult(File.Exists(ready)), TimeSpan.FromSeconds(60), CancellationToken.None);
        return agent;
    }

    /// <summary>Processor time so far, seconds.</summary>
    public double Cpu => CpuTime.SecondsOf(process.Id);

    /// <summary>Resident memory (VmRSS), bytes.</summary>
    public long Memory
    {
        get
        {
            string line = File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return long.Parse(line["VmRSS:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture) * 1024;
        }
    }

    /// <summary>Memory of the rings that the kernel holds for it, bytes: little of it is ever mapped.</summary>
    public long Rings
    {
        get
        {
            const string Ring = "27"; // BPF_MAP_TYPE_RINGBUF
            Dictionary<string, long> byId = []; // a shared ring has several descriptors
            foreach (string file in Directory.GetFiles($"/proc/{process.Id}/fdinfo"))
            {
                Dictionary<string, string> facts = File.ReadLines(file).Select(l => l.Split(':', 2)).Where(p => p.Length == 2).DistinctBy(p => p[0]).ToDictionary(p => p[0], p => p[1].Trim());
                if (facts.GetValueOrDefault("map_type") == Ring)
                {
                    byId[facts["map_id"]] = long.Parse(facts["max_entries"], CultureInfo.InvariantCulture);
                }
            }

            return byId.Values.Sum();
        }
    }

    /// <summary>Stops it and counts what it wrote.</summary>
    /// <returns>Events that satisfy the condition, and records it declared lost.</returns>
    public async Task<(long Found, long Lost)> StopAsync(Func<Event, bool> condition)
    {
        const int Terminate = 15;
        process.Signal(Terminate);
        if (await process.WaitForExitAsync(CancellationToken.None) is not 0 and int code)
        {
            throw new InvalidOperationException($"ecapture capture ended with {code}: {process.Output}");
        }

        long found = 0;
        long lost = 0;
        await using ILogReader reader = await LogReaders.OpenAsync(LogAddress.Parse("sqlite:" + Path.Combine(folder, "log")), CancellationToken.None);
        foreach (TopicPartition partition in await reader.PartitionsAsync(CancellationToken.None))
        {
            (long first, long next) = await reader.GetBoundsAsync(partition, CancellationToken.None);
            await foreach (ReadOnlyMemory<LogRecord> records in reader.ReadAsync(partition, first, next, CancellationToken.None))
            {
                for (int i = 0; i < records.Length; i++)
                {
                    Event e = Event.Parser.ParseFrom(records.Span[i].Value.Span);
                    found += condition(e) ? 1 : 0;
                    lost += (long)(e.Loss?.Records ?? 0);
                }
            }
        }

        return (found, lost);
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
