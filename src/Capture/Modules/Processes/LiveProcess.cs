using System.Globalization;
using System.Text;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Processes;

/// <summary>What /proc says of a process that a record without kernel types is of, when the record arrives.</summary>
internal sealed class LiveProcess
{
    private readonly string _folder;
    private readonly ProcessStat _stat;

    private LiveProcess(string folder, ProcessStat stat)
    {
        _folder = folder;
        _stat = stat;
    }

    /// <summary>Finds it.</summary>
    /// <returns>Null when it ended, or runs another program by now.</returns>
    internal static LiveProcess? Find(in RecordHeader record)
    {
        ProcessStat? stat = ProcessStat.Read((int)record.Pid);
        return stat is not null && stat.IsOf(record.ProcessStart) && stat.Name == NameOf(record)
            ? new LiveProcess($"/proc/{record.Pid}", stat)
            : null;
    }

    /// <summary>The program file as its own mount namespace names it; empty: not known.</summary>
    internal string Executable => Link("exe");

    /// <summary>A path that opens the program file.</summary>
    internal string ExecutableFile => $"{_folder}/exe";

    /// <summary>The working directory; empty: not known.</summary>
    internal string Directory => Link("cwd");

    /// <summary>The command line, as the process has it now.</summary>
    internal byte[] CommandLine => Read("cmdline");

    /// <summary>The control group: of version 2, or where that is the root, the memory controller's.</summary>
    internal string Cgroup => ControlGroup.Of(Encoding.UTF8.GetString(Read("cgroup")).Split('\n'));

    /// <summary>Completes what the record says.</summary>
    internal void Complete(ref ProcessFacts facts)
    {
        facts.Session = _stat.Session;
        facts.Parent = _stat.Parent;
        facts.LoginUid = Number("loginuid");
        facts.LoginSession = Number("sessionid");
        Span<byte> terminal = facts.Terminal;
        terminal.Clear();
        Encoding.ASCII.GetBytes(TerminalOf(_stat.Terminal), terminal);
    }

    /// <summary>The kernel's name of a terminal: pts3, tty1, ttyS0; empty: none, or another kind.</summary>
    /// <param name="device">As in /proc/PID/stat.</param>
    internal static string TerminalOf(int device)
    {
        const int Terminals = 4;
        const int FirstPseudo = 136;
        const int LastPseudo = 143;
        const int FirstSerial = 64;
        int major = (device >> 8) & 0xfff;
        int minor = (device & 0xff) | ((device >> 12) & 0xfff00);
        return major switch
        {
            Terminals when minor < FirstSerial => $"tty{minor}",
            Terminals => $"ttyS{minor - FirstSerial}",
            >= FirstPseudo and <= LastPseudo => $"pts{((major - FirstPseudo) << 8) + minor}",
            _ => "",
        };
    }

    private static string NameOf(in RecordHeader record)
    {
        ReadOnlySpan<byte> name = record.Comm;
        int end = name.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? name : name[..end]);
    }

    private uint Number(string file) =>
        uint.TryParse(Encoding.ASCII.GetString(Read(file)), NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? number : uint.MaxValue;

    private byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes($"{_folder}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // it ended meanwhile, or this kernel has no such file
        }
    }

    private string Link(string name) => RunningPrograms.LinkOf($"{_folder}/{name}") ?? "";
}
