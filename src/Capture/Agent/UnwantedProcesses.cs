using ECapture.Capture.Bpf;
using ECapture.Capture.Filters;
using ECapture.Capture.Modules;

namespace ECapture.Capture.Agent;

/// <summary>
/// Writes processes that are not wanted into <c>excluded_processes</c>, where the programs of the TLS modules ask before they copy anything. An entry holds for a second, so one record of a second is all that such
/// a process costs, and nothing has to be told that it ended or changed.
/// </summary>
/// <param name="excluded">The map; it also holds the pipeline's own processes.</param>
/// <param name="bootNs">Reads CLOCK_BOOTTIME.</param>
internal sealed class UnwantedProcesses(BpfMap excluded, Func<ulong> bootNs) : IUnwantedProcesses
{
    private const ulong HoldsNs = 1_000_000_000;
    private const int Most = 8192; // half of the map

    private readonly Dictionary<uint, ExcludedProcess> _entries = [];

    /// <inheritdoc/>
    public void LeaveOut(uint pid, ulong startNs)
    {
        ulong now = bootNs();
        if (_entries.TryGetValue(pid, out ExcludedProcess known) ? known.ProcessStart == startNs && now < known.Until : _entries.Count >= Most)
        {
            return; // what is in the ring still; or the agent leaves it out alone
        }

        if (!IsOwn(pid))
        {
            ExcludedProcess entry = new() { ProcessStart = startNs, Until = now + HoldsNs };
            excluded.Set(pid, entry);
            _entries[pid] = entry;
        }
    }

    /// <inheritdoc/>
    public void LookAgain(uint pid)
    {
        if (_entries.Remove(pid))
        {
            Remove(pid);
        }
    }

    /// <inheritdoc/>
    public void Tick(ulong nowNs)
    {
        foreach ((uint pid, ExcludedProcess entry) in _entries)
        {
            if (nowNs >= entry.Until)
            {
                _entries.Remove(pid);
                Remove(pid);
            }
        }
    }

    private void Remove(uint pid)
    {
        if (!IsOwn(pid))
        {
            excluded.Remove(pid);
        }
    }

    private bool IsOwn(uint pid) => excluded.TryGet(pid, out ExcludedProcess entry) && entry.IsOwn;
}
