using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Publishing;

namespace ECapture.Capture.Modules.Shells;

/// <summary>Finds a module's shells on disk, in running processes and among programs that start; attaches to those that read lines.</summary>
internal sealed class ShellTargets(ModuleContext context, BpfObject obj, Shell shell)
{
    private const string Subject = "shell";
    private const int MostSeen = 16 * 1024;

    private readonly HashSet<ImageKey> _attached = [];
    private readonly List<ModuleTarget> _targets = [];
    private readonly HashSet<ImageKey> _seen = [];
    private readonly HashSet<ImageKey> _gone = [];

    /// <summary>Program files that are attached to.</summary>
    internal int Count => _attached.Count;

    /// <summary>They, one by one.</summary>
    internal IReadOnlyList<ModuleTarget> Targets => [.. _targets];

    /// <summary>Attaches to everything that is there now.</summary>
    internal void AttachAll()
    {
        foreach (string path in shell.ExtraPrograms(context.Options))
        {
            if (!File.Exists(path))
            {
                throw new CaptureException($"there is no {shell.Name} program {path}: give the path of an existing file") { IsUsage = true };
            }

            if (ShellKinds.Of(path, path) != shell.Kind)
            {
                throw new CaptureException($"cannot capture {shell.Name} program {path}: it is none, as far as what it holds tells") { IsUsage = true };
            }

            Add(path, path, shell.Kind, ImageKey.Of(path));
        }

        foreach (string path in ShellSearch.OnDisk())
        {
            Add(path, path, ShellKinds.Of(path, path), ImageKey.Of(path));
        }

        // A shell that is noted may fork before it is: look again until a look finds nothing new.
        const int Looks = 5;
        HashSet<uint> known = [];
        Dictionary<ImageKey, uint> kinds = [];
        for (int i = 0; i < Looks && AddRunning(known, kinds); i++)
        {
        }
    }

    /// <summary>Looks at a program that began: a shell in another root directory, or under another name.</summary>
    internal void Look(StartedProcess process)
    {
        ImageKey image = process.Image;
        if (_attached.Contains(image) || _seen.Contains(image))
        {
            return;
        }

        if (_seen.Count >= MostSeen)
        {
            _seen.Clear();
        }

        string executable = process.Executable.ToStringUtf8();
        EventHeader header = EventHeader.From(process.Record.Header);
        if (process.FindFile() is not { } file)
        {
            // The next one will be looked at.
            if (shell.Owns(ShellKinds.Of(executable)) && _gone.Count < MostSeen && _gone.Add(image))
            {
                context.NotCovered(header, Subject, executable, "it ended before its file could be looked at, as nobody has run it before: it is not captured", header.BootNs);
            }

            return;
        }

        _seen.Add(image);
        uint kind = ShellKinds.Of(file, executable);
        if (shell.Owns(kind))
        {
            Add(file, executable, kind, image, header);
            if (process.IsRunning)
            {
                context.Processes.ShellProcesses?.Set(process.Record.Header.Pid, kind);
                if (!process.IsRunning)
                {
                    context.Processes.ShellProcesses?.Remove(process.Record.Header.Pid); // it began another program meanwhile, or ended
                }
            }
        }
    }

    private bool AddRunning(HashSet<uint> known, Dictionary<ImageKey, uint> kinds)
    {
        bool found = false;
        foreach ((uint pid, string path) in RunningPrograms.List())
        {
            string file = $"/proc/{pid}/exe";
            if (known.Contains(pid) || ImageKey.Of(file) is not { } image)
            {
                continue;
            }

            if (!kinds.TryGetValue(image, out uint kind))
            {
                kinds[image] = kind = ShellKinds.Of(file, path);
            }

            if (!shell.Owns(kind))
            {
                continue;
            }

            known.Add(pid);
            found = true;
            Add(file, path, kind, image);
            context.Processes.ShellProcesses?.Set(pid, kind);
            if (RunningPrograms.PathOf(pid) != path)
            {
                context.Processes.ShellProcesses?.Remove(pid); // it began another program meanwhile, or ended
            }
        }

        return found;
    }

    // began: the process that showed it, when it was not there at the start.
    private void Add(string file, string name, uint kind, ImageKey? image, EventHeader? began = null)
    {
        if (image is not { } key || !shell.Owns(kind) || !_attached.Add(key))
        {
            return;
        }

        context.Processes.ShellImages?.Set(key, kind);
        string reason = kind == shell.Kind ? AttachLines(file) : "";
        if (reason.Length > 0 && !File.Exists(file))
        {
            _attached.Remove(key); // the process that led to it has ended: the next one will be looked at
            _seen.Remove(key);
            return;
        }

        if (reason.Length > 0)
        {
            context.NotCovered(Subject, name, reason);
        }

        ulong window = began is { } header ? context.DeclareWindow(header, Subject, name) : 0;
        string attached = kind == shell.Kind && reason.Length == 0 ? "lines, and programs that it starts" : "programs that it starts";
        _targets.Add(new ModuleTarget(name, file, attached, window));
    }

    // Says why its lines are not captured; empty: they are.
    private string AttachLines(string file)
    {
        try
        {
            return shell.Attach(obj, file);
        }
        catch (CaptureException e)
        {
            return e.Message;
        }
    }
}
