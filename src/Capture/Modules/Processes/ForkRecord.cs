using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Processes;

/// <summary><c>struct process_fork</c> of bpf/include/plain/process.h: the header's process forked.</summary>
[CRecord("process_fork")]
[StructLayout(LayoutKind.Sequential)]
internal struct ForkRecord
{
    internal const ushort Type = 3;

    internal RecordHeader Header;
    internal uint Child;
    internal uint Reserved;
}

/// <summary><c>struct process_arguments</c> of bpf/include/plain/process.h; what execve was given follows.</summary>
[CRecord("process_arguments")]
[StructLayout(LayoutKind.Sequential)]
internal struct ArgumentsRecord
{
    internal const ushort Type = 4;

    internal RecordHeader Header;
    internal uint Length;
    internal uint Reserved;
}
