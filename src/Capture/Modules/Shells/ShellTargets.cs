using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Processes;

namespace ECapture.Capture.Modules.Shells;

/// <summary>Finds a module's shells on disk, in running processes and among programs that start; attaches to those that read lines.</summary>
internal sealed class ShellTargets(ModuleContext context, BpfObject obj, Shell shell)
{
    private const int MostSeen = 16 * 1024;

    private readonly HashSet<ImageKey> _attached = [];
    private readonly List<ModuleTarget> _targets = [];
    private readonly HashSet<ImageKey> _seen = [];

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

        uint pid = process.Record.Header.Pid;
        string executable = process.Executable.ToStringUtf8();
        string file = $"/proc/{pid}/exe";
        if (RunningPrograms.PathOf(pid) is not { } now || Path.GetFileName(now) != Path.GetFileName(executable))
        {
            return; // it ended or runs another program by now; the next one will be looked at
        }

        _seen.Add(image);
        uint kind = ShellKinds.Of(file, executable);
        if (shell.Owns(kind))
        {
            Add(file, executable, kind, image);
            context.Processes.ShellProcesses?.Set(pid, kind);
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

    private void Add(string file, string name, uint kind, ImageKey? image)
    {
        if (image is not { } key || !shell.Owns(kind) || !_attached.Add(key))
        {
            return;
        }

        context.Processes.ShellImages?.Set(key, kind);
        if (kind != shell.Kind)
        {
            _targets.Add(new ModuleTarget(name, file, "programs that it starts"));
            return;
        }

        try
        {
            string reason = shell.Attach(obj, file);
            _targets.Add(new ModuleTarget(name, file, reason.Length == 0 ? "lines, and programs that it starts" : "programs that it starts"));
            if (reason.Length > 0)
            {
                context.NotCovered("shell", name, reason);
            }
        }
        catch (CaptureException e)
        {
            context.NotCovered("shell", name, e.Message);
        }
    }
}
