using System.Globalization;
using ECapture.Capture.Modules.Tls;

namespace ECapture.Cli.Doctor;

/// <summary>Looks among the running processes for those whose TLS no module captures.</summary>
internal static class TargetChecks
{
    private const string Area = "target";
    private const int MostNamed = 10;

    internal static IEnumerable<Finding> Run()
    {
        List<(int Pid, string Provider, string Program)> found = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && TlsProvider.Of(pid) is { Name.Length: > 0, Module.Length: 0 } provider)
            {
                found.Add((pid, provider.Name, Program(pid)));
            }
        }

        foreach (IGrouping<(string Provider, string Program), int> each in found.GroupBy(f => (f.Provider, f.Program), f => f.Pid))
        {
            string pids = string.Join(", ", each.Order().Take(MostNamed)) + (each.Count() > MostNamed ? $" and {each.Count() - MostNamed} more" : "");
            yield return new Finding(
                Area, each.Key.Program, Verdict.Limited, $"process {pids}: {each.Key.Provider}, which hands its secrets to no function: not captured",
                "with module packet its connections are named: ecapture events --module agent");
        }
    }

    private static string Program(int pid)
    {
        try
        {
            return Path.GetFileName(new FileInfo($"/proc/{pid}/exe").LinkTarget) ?? "unknown";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "unknown"; // it ended
        }
    }
}
