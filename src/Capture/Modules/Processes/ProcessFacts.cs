using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Processes;

/// <summary><c>struct process_facts</c> of bpf/include/process.h.</summary>
[CRecord("process_facts")]
[StructLayout(LayoutKind.Sequential)]
internal struct ProcessFacts
{
    /// <summary>CLOCK_BOOTTIME at the start of the parent.</summary>
    internal ulong ParentStart;

    /// <summary>Thread group id of the parent.</summary>
    internal uint Parent;

    /// <summary>Real group id.</summary>
    internal uint Gid;

    /// <summary>POSIX session id.</summary>
    internal uint Session;

    /// <summary>4294967295: not set.</summary>
    internal uint LoginUid;

    /// <summary>Session of the audit system; 4294967295: not set.</summary>
    internal uint LoginSession;

    internal uint Reserved;

    /// <summary>The kernel's name of the controlling terminal.</summary>
    internal Bytes32 Terminal;

    /// <summary>The terminal as <c>ps</c> shows it: <c>pts/3</c>, <c>tty1</c>; empty: none.</summary>
    internal readonly byte[] TerminalName()
    {
        ReadOnlySpan<byte> name = Terminal;
        int end = name.IndexOf((byte)0);
        name = name[..(end < 0 ? name.Length : end)];
        return name.StartsWith("pts"u8) && name.Length > 3 && char.IsAsciiDigit((char)name[3])
            ? [.. "pts/"u8, .. name[3..]]
            : name.ToArray();
    }
}
