using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Modules.Tls;

/// <summary>Keeps probes on every TLS library of the host: finds new ones, drops those that no file and no process has any more.</summary>
internal sealed partial class LibrarySet(
    TlsApi api, LibraryAttacher attacher, IReadOnlyList<string> extraPaths, IEnumerable<int> excludedPids, ILogger logger) : IDisposable
{
    private const ulong Second = 1_000_000_000;
    private const ulong DiskPause = 5 * Second;
    private const ulong FullPause = 60 * Second;
    private const uint MostLibraries = 4096; // MOST_LIBRARIES of bpf/tls.bpf.c

    private readonly Dictionary<FileIdentity, AttachedLibrary> _attached = [];
    private readonly Dictionary<uint, AttachedLibrary> _byIndex = [];
    private readonly HashSet<FileIdentity> _refused = [];
    private readonly Queue<uint> _freed = [];
    private readonly Queue<(string Target, string Reason)> _uncovered = [];
    private readonly ProcessLibraries _processes = Processes(api, extraPaths, excludedPids);
    private uint _next;
    private ulong _diskDue;
    private ulong _fullDue;
    private ulong _due;

    /// <summary>The libraries that have probes.</summary>
    internal IReadOnlyCollection<AttachedLibrary> Attached => _attached.Values;

    /// <summary>The library of an attach cookie; also a while after its probes were taken away.</summary>
    internal AttachedLibrary? At(uint index) => _byIndex.GetValueOrDefault(index);

    /// <summary>Attaches to what the user named.</summary>
    /// <exception cref="CaptureException">A file is missing, or has nothing to attach to.</exception>
    internal void AddExtra()
    {
        foreach (string path in extraPaths)
        {
            if (!FileIdentity.TryRead(path, out FileIdentity identity))
            {
                throw new CaptureException($"TLS library {path} does not exist or is no file: check the path") { IsUsage = true };
            }

            if (!_attached.ContainsKey(identity) && !TryAttach(new LibraryFile(identity, path, path)))
            {
                throw new CaptureException($"cannot capture TLS library {path}: {_uncovered.Last().Reason}") { IsUsage = true };
            }
        }
    }

    /// <summary>Looks for libraries where it is time to.</summary>
    /// <param name="bootNs">CLOCK_BOOTTIME now, nanoseconds.</param>
    internal void Scan(ulong bootNs)
    {
        if (bootNs < _due)
        {
            return;
        }

        _due = bootNs + Second;
        bool full = bootNs >= _fullDue;
        IReadOnlyCollection<LibraryFile> mapped = _processes.Find(bootNs, full);
        Attach(mapped);
        if (!full && bootNs < _diskDue)
        {
            return;
        }

        _diskDue = bootNs + DiskPause;
        IReadOnlyCollection<LibraryFile> onDisk = DiskLibraries.Find(api);
        Attach(onDisk);
        if (full)
        {
            _fullDue = bootNs + FullPause;
            DropUnused([.. mapped.Concat(onDisk).Select(f => f.Identity)]);
        }
    }

    /// <summary>The next library that could not be captured wholly, each said once.</summary>
    internal bool TryTakeUncovered(out string target, out string reason)
    {
        bool any = _uncovered.TryDequeue(out (string Target, string Reason) next);
        (target, reason) = next;
        return any;
    }

    /// <summary>Takes all probes away; <see cref="At"/> still answers for records that are in the ring.</summary>
    public void Dispose()
    {
        foreach (AttachedLibrary library in _attached.Values)
        {
            library.Dispose();
            TlsMetrics.Libraries.Add(-1);
        }

        _attached.Clear();
    }

    private static ProcessLibraries Processes(TlsApi api, IReadOnlyList<string> extraPaths, IEnumerable<int> excludedPids)
    {
        HashSet<string> extra = [.. extraPaths];
        ProcessLibraries processes = new(api.IsLibraryName, extra.Contains);
        processes.Exclude(Environment.ProcessId);
        foreach (int pid in excludedPids)
        {
            processes.Exclude(pid);
        }

        return processes;
    }

    private void Attach(IReadOnlyCollection<LibraryFile> files)
    {
        foreach (LibraryFile file in files)
        {
            if (!_attached.ContainsKey(file.Identity) && !_refused.Contains(file.Identity))
            {
                TryAttach(file);
            }
        }
    }

    private bool TryAttach(in LibraryFile file)
    {
        if (!TryTakeIndex(out uint index))
        {
            Refuse(file, $"there are probes on {MostLibraries} libraries already");
            return false;
        }

        attacher.Load();
        try
        {
            AttachedLibrary library = attacher.Attach(file, index, out string missing);
            string target = library.BuildId.Length > 0 ? $"{file.Path} build id {library.BuildId}" : file.Path;
            if (missing.Length > 0)
            {
                _uncovered.Enqueue((target, missing));
                LogPartly(logger, target, missing);
            }

            if (library.Probes == 0)
            {
                _refused.Add(file.Identity);
                _freed.Enqueue(index);
                return false;
            }

            _attached[file.Identity] = library;
            _byIndex[index] = library;
            TlsMetrics.Libraries.Add(1);
            LogAttached(logger, target, library.Probes, library.KeyLog?.How ?? "none");
            return true;
        }
        catch (CaptureException e)
        {
            _freed.Enqueue(index);
            if (File.Exists(file.AccessPath)) // else its process has ended: nothing to capture
            {
                Refuse(file, e.Message);
            }

            return false;
        }
    }

    private bool TryTakeIndex(out uint index)
    {
        if (_next < MostLibraries)
        {
            index = _next++;
            return true;
        }

        return _freed.TryDequeue(out index);
    }

    private void Refuse(in LibraryFile file, string reason)
    {
        _refused.Add(file.Identity);
        _uncovered.Enqueue((file.Path, reason));
        LogPartly(logger, file.Path, reason);
    }

    private void DropUnused(HashSet<FileIdentity> used)
    {
        foreach ((FileIdentity identity, AttachedLibrary library) in _attached.ToArray())
        {
            if (!used.Contains(identity) && !extraPaths.Contains(library.File.Path))
            {
                library.Dispose();
                _attached.Remove(identity);
                _freed.Enqueue(library.Index);
                TlsMetrics.Libraries.Add(-1);
                LogDropped(logger, library.File.Path);
            }
        }

        _refused.IntersectWith(used);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "TLS library {Library}: {Probes} probes; key log function: {How}.")]
    private static partial void LogAttached(ILogger logger, string library, int probes, string how);

    [LoggerMessage(Level = LogLevel.Warning, Message = "TLS library {Library} is not captured wholly: {Reason}.")]
    private static partial void LogPartly(ILogger logger, string library, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "TLS library {Library} is used by nobody any more; its probes were removed.")]
    private static partial void LogDropped(ILogger logger, string library);
}
