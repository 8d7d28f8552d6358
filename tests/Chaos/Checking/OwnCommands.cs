using System.Text.Json;
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
                faults.Add($"ecapture {command[0]} of {store} ended with {outcome.ExitCode}: {outcome.Errors.Trim()} {string.Join(" | ", outcome.Output.Trim().Split('\n').Where(IsFinding).TakeLast(12))}");
            }
        }

        return faults;
    }

    // Lines of a report that say what is wrong, and its last one; of `reconcile` those with duplicates, too.
    private static bool IsFinding(string line) =>
        new[] { "MISSING", "TWICE", "ALTERED", "NOT EQUAL", "not ", " log" }.Any(word => line.Contains(word, StringComparison.Ordinal));

    /// <summary>The topics ….dlq hold each dead letter that a store has.</summary>
    /// <returns>Those that are missing there.</returns>
    public static async Task<List<string>> CheckLettersAsync(string store, string log, string folder)
    {
        string[] list = ["dlq", "list", "--json", "--store", store, "--log", log, "--data", folder];
        Outcome inStore = await Ecapture.RunAsync(list);
        Outcome onTopics = await Ecapture.RunAsync([.. list, "--from-log"]);
        return inStore.ExitCode != 0 || onTopics.ExitCode != 0
            ? [$"ecapture dlq list of {store} ended with {inStore.ExitCode}, --from-log with {onTopics.ExitCode}: {inStore.Errors} {onTopics.Errors}"]
            : [.. Ids(inStore).Except(Ids(onTopics)).Select(id => $"the dead letter {id} of {store} is on no topic")];
    }

    private static IEnumerable<string> Ids(Outcome list) =>
        list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetString()!);
}
