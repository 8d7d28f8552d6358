using System.Runtime.InteropServices;

namespace ECapture.Capture.Bpf;

/// <summary>
/// Links of many uprobes of one file (<c>BPF_TRACE_UPROBE_MULTI</c>, Linux 6.6). They are taken away at once, where each uprobe of a perf event
/// waits about 0.1 s for all processors; libbpf before 1.3 does not make them, so the system call is made here.
/// </summary>
internal static unsafe partial class MultiUprobe
{
    internal const int AttachType = 48; // BPF_TRACE_UPROBE_MULTI
    private const int LinkCreate = 28; // BPF_LINK_CREATE
    private const uint AtReturn = 1; // BPF_F_UPROBE_MULTI_RETURN

    /// <summary>True when this kernel has them.</summary>
    internal static bool IsSupported { get; } = Environment.OSVersion.Version >= new Version(6, 6);

    /// <summary>True when a link for a pid is one for the process; before Linux 6.10 it was one for its first thread.</summary>
    internal static bool KnowsProcesses { get; } = Environment.OSVersion.Version >= new Version(6, 10);

    /// <summary>Attaches; for all processes, or for one when <paramref name="pid"/> is above 0.</summary>
    /// <returns>The link's descriptor, or -1 with errno.</returns>
    internal static int Attach(int program, string path, ReadOnlySpan<UprobePoint> points, bool isReturn, int pid)
    {
        ulong[] offsets = new ulong[points.Length];
        ulong[] cookies = new ulong[points.Length];
        for (int i = 0; i < points.Length; i++)
        {
            offsets[i] = points[i].Offset;
            cookies[i] = points[i].Cookie;
        }

        nint text = Marshal.StringToCoTaskMemUTF8(path);
        try
        {
            fixed (ulong* offset = offsets)
            fixed (ulong* cookie = cookies)
            {
                Attributes attributes = new()
                {
                    Program = (uint)program,
                    Type = AttachType,
                    Path = (ulong)text,
                    Offsets = (ulong)offset,
                    Cookies = (ulong)cookie,
                    Count = (uint)points.Length,
                    MultiFlags = isReturn ? AtReturn : 0,
                    Pid = (uint)Math.Max(pid, 0),
                };
                return (int)syscall(CallNumber, LinkCreate, (nint)(&attributes), sizeof(Attributes));
            }
        }
        finally
        {
            Marshal.FreeCoTaskMem(text);
        }
    }

    /// <summary>Closes a descriptor.</summary>
    [LibraryImport("libc")]
    internal static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint command, nint attributes, nint size);

    // bpf(2)
    private static nint CallNumber => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 280 : 321;

    // The part of union bpf_attr (linux/bpf.h) that BPF_LINK_CREATE uses.
    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        internal uint Program;
        internal uint Target;
        internal uint Type;
        internal uint Flags;
        internal ulong Path;
        internal ulong Offsets;
        internal ulong ReferenceCounters;
        internal ulong Cookies;
        internal uint Count;
        internal uint MultiFlags;
        internal uint Pid;
        private readonly uint _padding;
    }
}
