using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Capture.Modules.Bash;

/// <summary>Finds shells on disk, in running processes and among programs that start; attaches to those that are bash.</summary>
internal sealed class ShellTargets(ModuleContext context, BpfObject bash)
{
    private const int MostPrograms = 256; // entries of the map bash_programs
    private const int MostSeen = 16 * 1024;
    private const long LargestShell = 8 << 20; // a copy of bash under another name is not looked for in larger files

    private readonly HashSet<ImageKey> _attached = [];
    private readonly HashSet<ImageKey> _seen = [];
    private uint _programs;

    /// <summary>Program files that are attached to.</summary>
    internal int Count => _attached.Count;

    /// <summary>Attaches to everything that is there now.</summary>
    internal void AttachAll()
    {
        foreach (string path in context.Options.BashPrograms)
        {
            if (!File.Exists(path))
            {
                throw new CaptureException($"there is no bash program {path}: give the path of an existing file") { IsUsage = true };
            }

            Add(path, path, ShellKinds.Bash, ImageKey.Of(path));
        }

        foreach (string path in ShellSearch.OnDisk())
        {
            Add(path, path, ShellKinds.Of(path), ImageKey.Of(path));
        }

        // A shell that is noted may fork before it is: look again until a look finds nothing new.
        const int Looks = 5;
        HashSet<uint> known = [];
        for (int i = 0; i < Looks && AddRunning(known); i++)
        {
        }
    }

    /// <summary>Looks at a program that began: a shell in another root directory, or bash under another name.</summary>
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
        uint kind = ShellKinds.Of(executable);
        string file = $"/proc/{pid}/exe";
        if (RunningPrograms.PathOf(pid) is not { } now || Path.GetFileName(now) != Path.GetFileName(executable))
        {
            return; // it ended or runs another program by now; the next one will be looked at
        }

        _seen.Add(image);
        if (kind == 0 && IsBash(file))
        {
            kind = ShellKinds.Bash;
        }

        if (kind != 0)
        {
            Add(file, executable, kind, image);
            context.Processes.ShellProcesses?.Set(pid, kind);
        }
    }

    private bool AddRunning(HashSet<uint> known)
    {
        bool found = false;
        foreach ((uint pid, string path) in RunningPrograms.List())
        {
            uint kind = ShellKinds.Of(path);
            if (kind == 0 || !known.Add(pid))
            {
                continue;
            }

            found = true;
            string file = $"/proc/{pid}/exe";
            Add(file, path, kind, ImageKey.Of(file));
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
        if (image is not { } key || !_attached.Add(key))
        {
            return;
        }

        context.Processes.ShellImages?.Set(key, kind);
        if (kind != ShellKinds.Bash)
        {
            return;
        }

        if (!BashProgram.TryRead(file, out BashProgram? program, out string reason))
        {
            NotCovered(name, reason);
            return;
        }

        if (_programs >= MostPrograms)
        {
            NotCovered(name, $"there are more than {MostPrograms} different bash programs");
            return;
        }

        try
        {
            uint cookie = _programs++;
            bash.Maps["bash_programs"].Set(cookie, program.Variables);
            bash.AttachUprobe("on_line", file, program.LineOffset, isReturn: true);
            bash.AttachUprobe("on_prompt", file, program.ReadlineOffset, cookie: cookie);
        }
        catch (CaptureException e)
        {
            NotCovered(name, e.Message);
        }
    }

    private void NotCovered(string path, string reason) => context.Publisher.Publish(
        Topics.Agent,
        new EventHeader { BootNs = context.BootNs() },
        new Event { Coverage = new Coverage { Subject = "shell", Target = ByteString.CopyFromUtf8(path), Reason = reason } });

    private static bool IsBash(string file)
    {
        try
        {
            if (new FileInfo(file) is not { Exists: true } info || (info.ResolveLinkTarget(true) as FileInfo)?.Length > LargestShell)
            {
                return false;
            }

            using Elf.ElfFile elf = Elf.ElfFile.Open(file);
            return elf.Length <= LargestShell && elf.TryGetSymbol("shell_execve", out _) && elf.TryGetSymbol("last_command_exit_value", out _);
        }
        catch (Exception e) when (e is CaptureException or IOException or UnauthorizedAccessException)
        {
            return false; // it ended, or is no program of this machine: nothing to attach to
        }
    }
}
