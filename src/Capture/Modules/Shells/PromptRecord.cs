using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Shells;

/// <summary><c>struct shell_prompt</c> of bpf/include/shell.h.</summary>
[CRecord("shell_prompt")]
[StructLayout(LayoutKind.Sequential)]
internal struct PromptRecord
{
    internal const ushort Type = 2; // behind SHELL_RECORDS
    internal const ushort Continuation = 1;
    internal const ushort HasStatus = 2;

    internal RecordHeader Header;
    internal int Status;
    internal int Signal;
}
