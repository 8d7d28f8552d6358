using System.Globalization;
using System.Text.RegularExpressions;

namespace ECapture.Capture.Bpf;

/// <summary>The tracepoints of this kernel, as tracefs describes them.</summary>
public static partial class Tracepoints
{
    private static readonly string[] s_places = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"];

    /// <summary>Those that objects without kernel types cannot do without.</summary>
    public static IReadOnlyList<string> OfPlainObjects { get; } =
    [
        "sock/inet_sock_set_state", "tcp/tcp_rcv_space_adjust", "task/task_newtask", "sched/sched_process_exec", "sched/sched_process_exit", "signal/signal_deliver",
        "syscalls/sys_enter_execve", "syscalls/sys_enter_execveat", "syscalls/sys_enter_exit", "syscalls/sys_enter_exit_group",
    ];

    /// <summary>True when this kernel has those that say which socket a call used (Linux 6.3).</summary>
    public static bool HasSocketLengths => Exists("sock/sock_send_length") && Exists("sock/sock_recv_length");

    /// <summary>What is missing, in one line; null: nothing.</summary>
    /// <param name="names">Tracepoints, each <c>category/name</c>.</param>
    public static string? Missing(IEnumerable<string> names)
    {
        if (Events is null)
        {
            return "tracefs is not mounted, which objects without kernel types need: mount -t tracefs nodev /sys/kernel/tracing (in a container mount the host's /sys/kernel/tracing)";
        }

        string[] missing = [.. names.Where(n => !Exists(n))];
        return missing.Length switch
        {
            0 => null,
            _ when missing.All(n => n.StartsWith("syscalls/", StringComparison.Ordinal)) =>
                $"this kernel has no tracepoint {string.Join(", ", missing)}: use one built with CONFIG_FTRACE_SYSCALLS=y",
            _ => $"this kernel has no tracepoint {string.Join(", ", missing)}: it came with a later one",
        };
    }

    /// <summary>Where they are described; null: tracefs is not mounted.</summary>
    internal static string? Events => s_places.FirstOrDefault(Directory.Exists);

    /// <summary>True when this kernel has one.</summary>
    /// <param name="name"><c>category/name</c>.</param>
    internal static bool Exists(string name) => Events is { } events && Directory.Exists(Path.Combine(events, name));

    /// <summary>Checks that a tracepoint is there and that its fields are where a struct of an object, which has its name, has them.</summary>
    /// <param name="name"><c>category/name</c>.</param>
    /// <param name="types">Of the object; without such a struct the fields are not looked at.</param>
    /// <exception cref="CaptureException">It is not, or they are not.</exception>
    internal static void Check(string name, BtfTypes types)
    {
        if (Missing([name]) is { } missing)
        {
            throw new CaptureException(missing);
        }

        if (types.Find(Path.GetFileName(name)) is { } expected)
        {
            Compare(name, File.ReadAllText(Path.Combine(Events!, name, "format")), expected);
        }
    }

    /// <summary>Compares the fields of a format file with a struct.</summary>
    /// <exception cref="CaptureException">A field is missing or elsewhere; names the first.</exception>
    internal static void Compare(string name, string format, BtfStruct expected)
    {
        Dictionary<string, int> fields = [];
        foreach (Match field in Field().Matches(format))
        {
            fields[field.Groups["name"].Value] = int.Parse(field.Groups["offset"].ValueSpan, CultureInfo.InvariantCulture);
        }

        foreach (BtfMember member in expected.Members.Where(m => m.Name is not "common" and not "padding"))
        {
            if (!fields.TryGetValue(member.Name, out int offset) || offset != member.Offset)
            {
                throw new CaptureException(
                    $"tracepoint {name} of this kernel has {(offset == 0 ? "no field" : "another place for")} {member.Name}: objects without kernel types do not know this format");
            }
        }
    }

    // field:__u8 saddr[4];	offset:32;	size:4;	signed:0;
    [GeneratedRegex(@"field:[^;]*?\b(?<name>\w+)(\[[^\]]*\])?;\s*offset:(?<offset>\d+);")]
    private static partial Regex Field();
}
