using System.Diagnostics;
using System.Globalization;
using ECapture.Tests.Support.Capture;

namespace ECapture.Tests.EndToEnd.Agent;

[Collection(CaptureCollection.Name)]
public sealed class PriorityTests
{
    private static readonly string[] s_passedByEveryRecord = ["capture", "append"];

    [Fact]
    public async Task RunAsync_ThreadsThatEveryRecordPasses_GoBeforeOthersAndNobodyElseDoes()
    {
        const int Steps = 5;
        int own = Parse(File.ReadAllText("/proc/self/stat")).Nice;
        int raised = MayRaise() ? own - Steps : own;
        await using CaptureSession session = await CaptureSession.StartAsync("tls");
        List<(string Name, int Nice)> threads = Threads();
        Stopwatch watch = Stopwatch.StartNew();
        while (!Array.TrueForAll(s_passedByEveryRecord, n => threads.Contains((n, raised))) && watch.Elapsed < TimeSpan.FromSeconds(100))
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            threads = Threads();
        }

        string seen = string.Join(", ", threads);
        await session.StopAsync();

        Assert.All(s_passedByEveryRecord, n => Assert.True(threads.Contains((n, raised)), $"no thread {n} with nice value {raised}: {seen}"));
        // What they start is not raised with them: it has the program's own value, or 0.
        Assert.All(threads.Where(t => !s_passedByEveryRecord.Contains(t.Name)), t => Assert.True(t.Nice >= Math.Min(own, 0), $"{t}, the program has {own}"));
    }

    private static List<(string Name, int Nice)> Threads()
    {
        List<(string, int)> threads = [];
        foreach (string task in Directory.GetDirectories("/proc/self/task"))
        {
            try
            {
                threads.Add(Parse(File.ReadAllText(Path.Combine(task, "stat"))));
            }
            catch (IOException)
            {
                // The thread has ended.
            }
        }

        return threads;
    }

    // proc_pid_stat(5): the second field, which may hold anything, and the 19th.
    private static (string Name, int Nice) Parse(string stat)
    {
        int end = stat.LastIndexOf(')');
        return (stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end], int.Parse(stat[(end + 2)..].Split(' ')[16], CultureInfo.InvariantCulture));
    }

    private static bool MayRaise()
    {
        const int SysNice = 23;
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        return (ulong.Parse(line["CapEff:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> SysNice & 1) != 0;
    }
}
