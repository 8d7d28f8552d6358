using System.Diagnostics;

namespace ECapture.Tests.Integration.Chaos;

/// <summary>The short round of tests/Chaos: a whole pipeline of real parts, and one of each fault within a few seconds. `make chaos` does more.</summary>
public sealed class ChaosTests
{
    // It ends by itself long before: each of its waits has a limit.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Run_OneOfEachFault_EachEventIsStoredOnce()
    {
        string kept = Directory.CreateTempSubdirectory("ecapture-chaos-kept-").FullName;
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "Chaos"), ["run", "--directed", "--rate", "500", "--keep", kept])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process chaos = Process.Start(start)!;
        try
        {
            Task<string> output = chaos.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Task<string> errors = chaos.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            patience.CancelAfter(s_patience);
            await chaos.WaitForExitAsync(patience.Token);

            Assert.True(chaos.ExitCode == 0, await output + await errors + Said(kept));
            Assert.Contains("all events once", await output, StringComparison.Ordinal);
        }
        finally
        {
            if (!chaos.HasExited)
            {
                chaos.Kill(); // everything that it started ends with it
            }

            Directory.Delete(kept, recursive: true);
        }
    }

    private static string Said(string kept) => string.Concat(
        Directory.EnumerateFiles(kept, "*.log", SearchOption.AllDirectories).Select(file => $"\n== {Path.GetFileName(file)}\n{string.Join('\n', File.ReadLines(file).TakeLast(15))}\n"));
}
