using ECapture.Capture.Elf;
using ECapture.Capture.Modules.Processes;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Modules.Tls;

/// <summary>Keeps probes on every TLS library of the host: finds new ones, drops those that no file and no process has any more.</summary>
internal sealed partial class LibrarySet : IDisposable
{
    private const ulong Second = 1_000_000_000;
    private const ulong DiskPause = 5 * Second;
    private const ulong FullPause = 60 * Second;
    private const uint MostLibraries = 4096; // MOST_LIBRARIES of bpf/tls.bpf.c

    private readonly Dictionary<FileIdentity, AttachedLibrary> _attached = [];
    private readonly Dictionary<uint, AttachedLibrary> _byIndex = [];
    private readonly HashSet<FileIdentity> _refused = [];
    private readonly Queue<uint> _freed = [];
    private readonly Queue<Uncovered> _uncovered = [];
    private readonly TlsApi _api;
    private readonly LibraryAttacher _attacher;
    private readonly IReadOnlyList<string> _extraPaths;
    private readonly ContentSearch? _content;
    private readonly HashSet<string> _builtIn = new(StringComparer.Ordinal); // paths of what was found by its content
    private readonly ProcessLibraries _processes;
    private readonly ILogger _logger;
    private readonly Func<ulong> _bootNs;
    private bool _isScanned;
    private uint _next;
    private ulong _diskDue;
    private ulong _fullDue;
    private ulong _due;

    /// <summary>Creates an empty set.</summary>
    /// <param name="api">What the libraries are.</param>
    /// <param name="attacher">Puts the probes on them.</param>
    /// <param name="options">Libraries that the user named, processes that are left out.</param>
    /// <param name="logger">Says what was found.</param>
    /// <param name="bootNs">Reads CLOCK_BOOTTIME, nanoseconds.</param>
    /// <param name="content">Finds programs that have one built in; null: nobody looks. Ends with the set.</param>
    internal LibrarySet(TlsApi api, LibraryAttacher attacher, CaptureOptions options, ILogger logger, Func<ulong> bootNs, ContentSearch? content)
    {
        _api = api;
        _attacher = attacher;
        _extraPaths = api.ExtraLibraries(options);
        _logger = logger;
        _bootNs = bootNs;
        _content = content;
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> builtIn = _builtIn.GetAlternateLookup<ReadOnlySpan<char>>();
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> extra = new HashSet<string>(_extraPaths, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        _processes = new ProcessLibraries(api.IsLibraryName, path => extra.Contains(path) || builtIn.Contains(path), content is null ? null : content.Offer);
        foreach (int pid in options.ExcludedPids.Append(Environment.ProcessId))
        {
            _processes.Exclude(pid);
        }
    }

    /// <summary>The libraries that have probes.</summary>
    internal IReadOnlyCollection<AttachedLibrary> Attached => _attached.Values;

    /// <summary>The library of an index; also a while after its probes were taken away.</summary>
    internal AttachedLibrary? At(uint index) => _byIndex.GetValueOrDefault(index);

    /// <summary>Attaches to what the user named.</summary>
    /// <exception cref="CaptureException">A file is missing, or has nothing to attach to.</exception>
    internal void AddExtra()
    {
        foreach (string path in _extraPaths)
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
        AttachFound();
        _isScanned = true;
        if (!full && bootNs < _diskDue)
        {
            return;
        }

        _diskDue = bootNs + DiskPause;
        IReadOnlyCollection<LibraryFile> onDisk = DiskLibraries.Find(_api);
        Attach(onDisk);
        if (full)
        {
            _fullDue = bootNs + FullPause;
            DropUnused([.. mapped.Concat(onDisk).Select(f => f.Identity)]);
        }
    }

    /// <summary>Looks soon at a program that began, whether it has a TLS library built in.</summary>
    internal void Look(StartedProcess process)
    {
        int pid = (int)process.Record.Header.Pid;
        string path = process.Executable.ToStringUtf8();
        string access = $"/proc/{pid}/exe";
        if (!File.Exists(access) && ImageKey.Of(path) == process.Image)
        {
            access = path; // it has ended; its file may be run again
        }

        if (_content is not null && FileIdentity.TryRead(access, out FileIdentity identity) && !_attached.ContainsKey(identity) && !_refused.Contains(identity))
        {
            _content.Offer(new LibraryFile(identity, access, path, pid));
        }
    }

    /// <summary>The next library that could not be captured wholly, each said once.</summary>
    internal bool TryTakeUncovered(out Uncovered uncovered)
    {
        if (!_uncovered.TryDequeue(out uncovered))
        {
            return false;
        }

        LogPartly(_logger, uncovered.Target, uncovered.Reason);
        return true;
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
        _content?.Dispose();
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

    // Files that hold a TLS library, found meanwhile.
    private void AttachFound()
    {
        while (_content?.TryTake(out ContentSearch.Candidate? found) == true)
        {
            using (found)
            {
                if (_attached.ContainsKey(found.File.Identity) || _refused.Contains(found.File.Identity))
                {
                    continue;
                }

                if (found.Error.Length > 0)
                {
                    Refuse(found.File, found.Error);
                }
                else if (TryAttach(found.File, found.Plan))
                {
                    _builtIn.Add(found.File.Path);
                }
            }
        }
    }

    private bool TryAttach(in LibraryFile file, LibraryPlan? plan = null)
    {
        if (!TryTakeIndex(out uint index))
        {
            Refuse(file, $"there are probes on {MostLibraries} libraries already");
            return false;
        }

        _attacher.Load();
        try
        {
            AttachedLibrary library = _attacher.Attach(file, index, plan, out string missing);
            string target = library.BuildId.Length > 0 ? $"{file.Path} build id {library.BuildId}" : file.Path;
            if (missing.Length > 0)
            {
                string version = FileVersion.Read(file.AccessPath, file.Path, _api.Module).Version;
                missing = version.Length > 0 ? $"{version}: {missing}" : missing;
                _uncovered.Enqueue(new Uncovered(0, target, missing));
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
            LogAttached(_logger, target, library.Probes, library.KeyLog?.How ?? "none");
            if (_isScanned && file.Pid != 0)
            {
                ulong now = _bootNs();
                ulong began = ProcessStart.NanosecondsOf(file.Pid) ?? now;
                library.WindowNs = now - Math.Min(began, now);
                _uncovered.Enqueue(new Uncovered(
                    file.Pid, target, "its first process began before its probes stood, as this build was never seen before: what it did until now is not captured", began, now));
            }

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
        _uncovered.Enqueue(new Uncovered(0, file.Path, reason));
    }

    private void DropUnused(HashSet<FileIdentity> used)
    {
        foreach ((FileIdentity identity, AttachedLibrary library) in _attached.ToArray())
        {
            bool isOnDisk = _builtIn.Contains(library.File.Path) && FileIdentity.TryRead(library.File.Path, out FileIdentity now) && now == identity;
            if (!used.Contains(identity) && !isOnDisk && !_extraPaths.Contains(library.File.Path))
            {
                library.Dispose();
                _attached.Remove(identity);
                _freed.Enqueue(library.Index);
                TlsMetrics.Libraries.Add(-1);
                LogDropped(_logger, library.File.Path);
            }
        }

        _refused.IntersectWith(used);
    }

    /// <summary>What could not be captured wholly.</summary>
    /// <param name="Pid">The process that it matters to; 0: all that use the library.</param>
    /// <param name="Target">Path, build id.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="FromNs">From when on, CLOCK_BOOTTIME; 0: not known.</param>
    /// <param name="ToNs">Until when; 0: still.</param>
    internal readonly record struct Uncovered(int Pid, string Target, string Reason, ulong FromNs = 0, ulong ToNs = 0);

    [LoggerMessage(Level = LogLevel.Information, Message = "TLS library {Library}: {Probes} probes; key log function: {How}.")]
    private static partial void LogAttached(ILogger logger, string library, int probes, string how);

    [LoggerMessage(Level = LogLevel.Information, Message = "TLS library {Library} is not captured wholly: {Reason}.")]
    private static partial void LogPartly(ILogger logger, string library, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "TLS library {Library} is used by nobody any more; its probes were removed.")]
    private static partial void LogDropped(ILogger logger, string library);
}
