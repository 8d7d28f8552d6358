using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Processes;

/// <summary><c>struct process_exec</c> of bpf/process.bpf.c; three paths and the arguments follow.</summary>
[CRecord("process_exec")]
[StructLayout(LayoutKind.Sequential)]
internal struct ExecRecord
{
    internal const ushort Type = 1;
    internal const ushort ArgumentsCut = 1;

    internal RecordHeader Header;
    internal ProcessFacts Facts;
    internal ulong ImageInode;
    internal uint ImageDevice;
    internal uint Previous;
    internal uint ExecutableLength;
    internal uint DirectoryLength;
    internal uint CgroupLength;
    internal uint ArgumentsLength;
}
