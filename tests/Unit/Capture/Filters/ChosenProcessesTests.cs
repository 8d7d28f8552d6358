using System.Diagnostics;
using ECapture.Capture.Agent;
using ECapture.Capture.Filters;
using ECapture.Tests.Support.Capture;

namespace ECapture.Tests.Unit.Capture.Filters;

public sealed class ChosenProcessesTests
{
    [Fact]
    public async Task Look_OneAfterTheOtherEnds_EachIsSaidOnce()
    {
        using Process one = Process.Start("sleep", "600");
        using Process other = Process.Start("sleep", "600");
        using SaidMessages said = new();
        ChosenProcesses chosen = new(new CaptureFilter(new CaptureRules { Pids = [(uint)one.Id, (uint)other.Id] }), said);
        chosen.Look();
        Assert.Empty(said.All);

        await EndAsync(one);
        chosen.Look();
        chosen.Look();
        Assert.Equal($"Process {one.Id} has ended; 1 of 2 chosen go on.", Assert.Single(said.All));

        await EndAsync(other);
        chosen.Look();
        Assert.Equal(2, said.All.Count);
        Assert.StartsWith($"Process {other.Id} has ended; it was the last one chosen", said.All[1], StringComparison.Ordinal);
    }

    private static Task EndAsync(Process process)
    {
        process.Kill();
        return process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
