using ECapture.Capture.Elf;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Modules.Tls;
using ECapture.Capture.Publishing;
using ECapture.Capture.Symbols;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Modules.GoTls;

/// <summary>Finds Go programs among running processes and among programs that start, and keeps probes on them by inode.</summary>
internal sealed partial class GoPrograms(ModuleContext context, GoAttacher attacher, ILogger logger) : IDisposable
{
    private const ulong UnusedPause = 60_000_000_000;
    private const int MostPrograms = 4096;
    private const int MostOthers = 16 * 1024;

    private readonly Dictionary<FileIdentity, GoProgram> _attached = [];
    private readonly Dictionary<FileIdentity, FileStamp> _others = [];
    private GoProgram? _newest;
    private ulong _unusedDue;

    /// <summary>Programs with probes on them.</summary>
    internal int Count => _attached.Count;

    /// <summary>They, one by one.</summary>
    internal IReadOnlyList<ModuleTarget> Targets =>
        [.. _attached.Values.OrderBy(p => p.Path, StringComparer.Ordinal).Select(p => new ModuleTarget(p.Path, p.Path, ModuleSummary.Count(p.Probes, "probe", "probes"), p.WindowNs))];

    /// <summary>Attaches to what the user named and to what runs now.</summary>
    /// <exception cref="CaptureException">A file that was named does not exist, or cannot be captured.</exception>
    internal void AttachAll()
    {
        foreach (string path in context.Options.GoPrograms)
        {
            if (!File.Exists(path))
            {
                throw new CaptureException($"there is no Go program {path}: give the path of an existing file") { IsUsage = true };
            }

            if (!TryAdd(path, path, new EventHeader { BootNs = context.BootNs() }, out string reason))
            {
                throw new CaptureException($"cannot capture Go program {path}: {(reason.Length > 0 ? reason : "it is no Go program, or does not use crypto/tls")}")
                {
                    IsUsage = true,
                };
            }
        }

        foreach ((uint pid, string path) in RunningPrograms.List())
        {
            TryAdd($"/proc/{pid}/exe", path, new EventHeader { BootNs = context.BootNs() }, out _);
        }

        _unusedDue = context.BootNs() + UnusedPause;
    }

    /// <summary>Looks at a program that began.</summary>
    internal void Look(StartedProcess process)
    {
        string executable = process.Executable.ToStringUtf8();
        EventHeader header = EventHeader.From(process.Record.Header);
        int before = _attached.Count;
        if (process.FindFile() is { } file && TryAdd(file, executable, header, out _) && _attached.Count > before)
        {
            _newest!.WindowNs = context.DeclareWindow(header, "go program", executable);
        }
    }

    /// <summary>Takes the probes off files that are gone and that nobody runs, now and then.</summary>
    internal void DropUnused(ulong bootNs)
    {
        if (bootNs < _unusedDue)
        {
            return;
        }

        _unusedDue = bootNs + UnusedPause;
        HashSet<FileIdentity> running = [];
        foreach ((uint pid, _) in RunningPrograms.List())
        {
            if (FileIdentity.TryRead($"/proc/{pid}/exe", out FileIdentity identity))
            {
                running.Add(identity);
            }
        }

        foreach (GoProgram program in _attached.Values.ToArray())
        {
            bool isOnDisk = FileIdentity.TryRead(program.Path, out FileIdentity now) && now == program.Identity;
            if (!isOnDisk && !running.Contains(program.Identity))
            {
                Drop(program);
                LogDropped(logger, program.Path);
            }
        }
    }

    /// <summary>Takes all probes away.</summary>
    public void Dispose()
    {
        foreach (GoProgram program in _attached.Values.ToArray())
        {
            Drop(program);
        }
    }

    private bool TryAdd(string file, string path, EventHeader header, out string reason)
    {
        reason = "";
        if (!FileIdentity.TryRead(file, out FileIdentity identity))
        {
            return false; // it ended
        }

        if (_attached.ContainsKey(identity))
        {
            return true;
        }

        bool isGo = false;
        try
        {
            // An inode may be given to another file once the first is deleted.
            FileStamp stamp = FileStamp.Of(file);
            if (_others.TryGetValue(identity, out FileStamp known) && known == stamp)
            {
                return false;
            }

            using ElfFile elf = ElfFile.Open(file);
            isGo = GoSections.IsGo(elf);
            if (isGo && TryAttach(elf, identity, path, out reason))
            {
                return true;
            }

            Remember(identity, stamp);
        }
        catch (Exception e) when (e is CaptureException or IOException or UnauthorizedAccessException)
        {
            if (!FileIdentity.TryRead(file, out FileIdentity now) || now != identity)
            {
                return false; // it ended
            }

            reason = e.Message;
        }

        // A file that cannot be read at all says nothing of Go; whoever named it is told.
        if (isGo && reason.Length > 0)
        {
            NotCovered(header, path, reason);
        }

        return false;
    }

    private bool TryAttach(ElfFile elf, FileIdentity identity, string path, out string reason)
    {
        if (_attached.Count >= MostPrograms)
        {
            reason = $"there are probes on {MostPrograms} Go programs already";
            return false;
        }

        if (attacher.Attach(elf, identity, path, out reason) is not { } program)
        {
            return false;
        }

        _attached[identity] = _newest = program;
        TlsMetrics.Libraries.Add(1);
        LogAttached(logger, path, program.Probes);
        return true;
    }

    private void Remember(FileIdentity identity, FileStamp stamp)
    {
        if (_others.Count >= MostOthers)
        {
            _others.Clear();
        }

        _others[identity] = stamp;
    }

    private void Drop(GoProgram program)
    {
        program.Dispose();
        _attached.Remove(program.Identity);
        TlsMetrics.Libraries.Add(-1);
    }

    private void NotCovered(EventHeader header, string path, string reason)
    {
        context.NotCovered(header, "go program", path, reason);
        LogPartly(logger, path, reason);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Go program {Path}: {Probes} probes.")]
    private static partial void LogAttached(ILogger logger, string path, int probes);

    [LoggerMessage(Level = LogLevel.Information, Message = "Go program {Path} is not captured wholly: {Reason}.")]
    private static partial void LogPartly(ILogger logger, string path, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Go program {Path} is gone; its probes were removed.")]
    private static partial void LogDropped(ILogger logger, string path);
}
