using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Processes;

namespace ECapture.Capture.Modules.Bash;

/// <summary><c>struct bash_line</c> of bpf/bash.bpf.c; the working directory and text follow.</summary>
[CRecord("bash_line")]
[StructLayout(LayoutKind.Sequential)]
internal struct LineRecord
{
    internal const ushort Type = 16;
    internal const ushort More = 1;
    internal const ushort Cut = 2;

    internal RecordHeader Header;
    internal ProcessFacts Facts;
    internal uint DirectoryLength;
    internal uint TextLength;
}
