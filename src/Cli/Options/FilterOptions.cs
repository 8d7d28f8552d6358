using System.CommandLine;
using System.Globalization;
using ECapture.Capture.Filters;

namespace ECapture.Cli.Options;

/// <summary>What is captured of what the modules see: the same options in <c>capture</c>, <c>run</c> and the terminal commands.</summary>
internal static class FilterOptions
{
    private const uint LargestPid = 4_194_304; // PID_MAX_LIMIT

    internal static readonly Option<string?> Pid = CommonOptions.Text("pid", "PID,…", "only these processes, and what a shell among them starts; nobody else is slowed down (default 0: all)", "-p");
    internal static readonly Option<string?> Uid = CommonOptions.Text("uid", "UID,…", "only processes of these users (default: all)", "-u");
    internal static readonly Option<string[]> Processes = CommonOptions.List("process", "NAME,…", "only processes of these names, as ps -o comm has them, or pids", "--name");
    internal static readonly Option<string[]> Ignored = CommonOptions.List("ignore", "NAME,…", "not the processes of these names or pids");
    internal static readonly Option<string[]> Executables = CommonOptions.List("exe", "FILE,…", "only these program files: a path, or a name in any folder");
    internal static readonly Option<string[]> Cgroups = CommonOptions.List("cgroup", "PATH,…", "only processes of these control groups and of those below them");
    internal static readonly Option<string[]> Containers = CommonOptions.List("container", "ID,…", "only processes of these containers; the first digits of an id do");
    internal static readonly Option<string[]> Ports = CommonOptions.List("port", "PORT,…", "only connections with one of these ports at either end");
    internal static readonly Option<string?> Packets = CommonOptions.Text("packet-filter", "EXPRESSION", "of frames only these, as tcpdump has it: \"tcp port 443 and host 192.0.2.1\"");

    /// <summary>Those that say which processes are captured.</summary>
    internal static IReadOnlyList<Option> OfProcesses { get; } = [Pid, Uid, Processes, Ignored, Executables, Cgroups, Containers];

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<Option> All { get; } = [.. OfProcesses, Ports, Packets];

    /// <summary>Reads the rules.</summary>
    /// <param name="options">The command's options.</param>
    /// <param name="hasPorts">The command has connections.</param>
    /// <param name="zeroIsEverybody">User 0 alone stands for all users, as in eCapture; else for root.</param>
    /// <exception cref="UsageException">One cannot be used.</exception>
    internal static CaptureRules Read(OptionReader options, bool hasPorts = true, bool zeroIsEverybody = false) => new()
    {
        Pids = PidsOf(options),
        Uids = zeroIsEverybody && options.Find(Uid) == "0" ? [] : UidsOf(options),
        Names = options.FindAll(Processes),
        Ignored = options.FindAll(Ignored),
        Executables = options.FindAll(Executables),
        Cgroups = [.. options.FindAll(Cgroups).Select(CaptureRules.CgroupPath)],
        Containers = options.FindAll(Containers),
        Ports = hasPorts ? PortsOf(options) : [],
    };

    /// <summary>The processes; none: all.</summary>
    /// <exception cref="UsageException">One is no pid, or does not run.</exception>
    internal static IReadOnlyList<uint> PidsOf(OptionReader options) =>
        options.Find(Pid) == "0" ? [] : [.. Numbers(options.Find(Pid), Pid, LargestPid).Select(Running)];

    /// <summary>The users; none: all.</summary>
    /// <exception cref="UsageException">One is no user id.</exception>
    internal static IReadOnlyList<uint> UidsOf(OptionReader options) => Numbers(options.Find(Uid), Uid, uint.MaxValue);

    /// <summary>The ports; none: all.</summary>
    /// <exception cref="UsageException">One is no port.</exception>
    internal static IReadOnlyList<ushort> PortsOf(OptionReader options) => [.. options.FindAll(Ports).Select(Port)];

    /// <summary>The expression for frames; empty: all.</summary>
    /// <exception cref="FormatException">It is none, or libpcap is missing.</exception>
    internal static string PacketsOf(OptionReader options)
    {
        string expression = options.Find(Packets) ?? "";
        _ = new CaptureFilter(CaptureRules.All, expression);
        return expression;
    }

    private static uint[] Numbers(string? text, Option option, uint most) =>
        [.. (text?.Split(',', StringSplitOptions.TrimEntries) ?? []).Select(t =>
            uint.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number <= most
                ? number
                : throw new UsageException($"{option.Name}: '{t}' is no whole number from 0 to {most}"))];

    private static uint Running(uint pid) => Directory.Exists($"/proc/{pid}")
        ? pid
        : throw new UsageException($"{Pid.Name}: there is no process {pid}");

    private static ushort Port(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
            ? port
            : throw new UsageException($"{Ports.Name}: '{text}' is no port from 1 to 65535");
}
