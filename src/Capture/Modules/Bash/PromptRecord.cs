using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Bash;

/// <summary><c>struct bash_prompt</c> of bpf/bash.bpf.c.</summary>
[CRecord("bash_prompt")]
[StructLayout(LayoutKind.Sequential)]
internal struct PromptRecord
{
    internal const ushort Type = 18;
    internal const ushort Continuation = 1;
    internal const ushort HasStatus = 2;

    internal RecordHeader Header;
    internal int Status;
    internal int Signal;
}
