using System.Globalization;
using ECapture.Capture.Modules.Tls;

namespace ECapture.Capture.Agent;

/// <summary>
/// Finds the pipeline's other processes on this host (a sink, a query service): they run the very file that the agent runs, as root or
/// a system account. What they send must not be captured, or each captured byte would make more.
/// </summary>
internal sealed class OwnProcesses
{
    // Accounts of people begin here (login.defs, SYS_UID_MAX): nobody can hide his traffic by running this program.
    private const uint FirstPersonalUid = 1000;

    private readonly bool _isKnown;
    private readonly FileIdentity _program;

    // A process may become this program by exec a moment after its fork, so each is looked at a few times.
    private const int Looks = 3;
    private Dictionary<int, int> _looks = [];

    /// <summary>Looks for processes of the same program as this one.</summary>
    internal OwnProcesses() => _isKnown = FileIdentity.TryRead("/proc/self/exe", out _program) && !IsSharedHost;

    // `dotnet ecapture.dll` runs the file of every .NET program.
    private static bool IsSharedHost => Path.GetFileName(Environment.ProcessPath) == "dotnet";

    /// <summary>Processes of the pipeline that were not known at the last call.</summary>
    internal IEnumerable<int> TakeNew()
    {
        if (!_isKnown)
        {
            return [];
        }

        Dictionary<int, int> now = [];
        List<int> found = [];
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
            {
                continue;
            }

            int looks = _looks.GetValueOrDefault(pid);
            now[pid] = Math.Min(looks + 1, Looks);
            if (looks < Looks && pid != Environment.ProcessId
                && FileIdentity.TryRead($"{directory}/exe", out FileIdentity exe) && exe == _program && IsSystemAccount(directory))
            {
                found.Add(pid);
                now[pid] = Looks;
            }
        }

        _looks = now;
        return found;
    }

    private static bool IsSystemAccount(string directory)
    {
        try
        {
            // proc(5): "Uid:" real, effective, saved, file system.
            string? line = File.ReadLines($"{directory}/status").FirstOrDefault(l => l.StartsWith("Uid:", StringComparison.Ordinal));
            return line?.Split('\t') is { Length: > 1 } fields
                && uint.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out uint uid) && uid < FirstPersonalUid;
        }
        catch (IOException)
        {
            return false; // it has just ended
        }
    }
}
