using System.Runtime.InteropServices;
using System.Text;

namespace ECapture.Capture.Bpf;

/// <summary>Keeps what libbpf says on this thread, so that a failure can quote its reason.</summary>
internal static unsafe class BpfLog
{
    private const int KeptCharacters = 16 * 1024;

    [ThreadStatic]
    private static StringBuilder? t_said;

    static BpfLog() => LibBpf.libbpf_set_print(&OnPrint);

    /// <summary>Forgets what was said before the next call.</summary>
    internal static void Begin() => (t_said ??= new StringBuilder()).Clear();

    /// <summary>All that was said since <see cref="Begin"/>, for debugging.</summary>
    internal static string Said => t_said?.ToString() ?? "";

    /// <summary>The last line that libbpf said, without its prefix.</summary>
    internal static string LastLine
    {
        get
        {
            string[] lines = Said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            string? line = lines.LastOrDefault(l => l.StartsWith("libbpf:", StringComparison.Ordinal) && !l.Contains("END PROG LOAD LOG", StringComparison.Ordinal))
                ?? lines.LastOrDefault();
            return line is null ? "" : line.Replace("libbpf: ", "", StringComparison.Ordinal);
        }
    }

    [UnmanagedCallersOnly]
    private static int OnPrint(int level, byte* format, nint arguments)
    {
        const int Debug = 2;
        if (level >= Debug)
        {
            return 0;
        }

        const int Capacity = 4096;
        byte* buffer = stackalloc byte[Capacity];
        int length = Math.Clamp(LibBpf.vsnprintf(buffer, Capacity, format, arguments), 0, Capacity - 1);
        StringBuilder said = t_said ??= new StringBuilder();
        if (said.Length < KeptCharacters)
        {
            said.Append(Encoding.UTF8.GetString(buffer, length));
        }

        return length;
    }
}
