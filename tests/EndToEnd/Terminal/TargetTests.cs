using System.Diagnostics;
using System.Globalization;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary>A command that is given a process, and the process ends.</summary>
[Collection(CaptureCollection.Name)]
public sealed class TargetTests
{
    [Fact]
    public async Task Pid_ProcessEnds_OneLineSaysThatNothingMoreComes()
    {
        using Process target = Process.Start("sleep", "600");
        await using TerminalRun run = await TerminalRun.StartAsync("tls", "-p", target.Id.ToString(CultureInfo.InvariantCulture));
        target.Kill();
        await target.WaitForExitAsync(TestContext.Current.CancellationToken);

        await run.WaitUntilAsync(() => run.Errors.Contains($"Process {target.Id} has ended; it was the last one chosen", StringComparison.Ordinal), "the line about its end");
        Assert.Equal(0, await run.StopAsync());
        Assert.Single(run.Errors.Split('\n'), l => l.Contains($"{target.Id} has ended", StringComparison.Ordinal));
    }
}
