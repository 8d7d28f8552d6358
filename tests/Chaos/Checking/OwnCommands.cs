using ECapture.Tests.Support.Cli;

namespace ECapture.Tests.Chaos.Checking;

/// <summary>What this program's own commands say of a store must agree.</summary>
internal static class OwnCommands
{
    /// <returns>What they find wrong.</returns>
    public static async Task<List<string>> CheckAsync(string store, string log, string folder)
    {
        List<string> faults = [];
        foreach (string[] command in (string[][])[["verify"], ["reconcile", "--log", log]])
        {
            Outcome outcome = await Ecapture.RunAsync([.. command, "--store", store, "--data", folder]);
            if (outcome.ExitCode != 0)
            {
                faults.Add($"ecapture {command[0]} of {store} ended with {outcome.ExitCode}: {outcome.Errors.Trim()} {string.Join(" | ", outcome.Output.Trim().Split('\n').TakeLast(6))}");
            }
        }

        return faults;
    }
}
