using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Processes;

namespace ECapture.Capture.Modules.Shells;

/// <summary><c>struct shell_line</c> of bpf/include/shell.h; the working directory and text follow.</summary>
[CRecord("shell_line")]
[StructLayout(LayoutKind.Sequential)]
internal struct LineRecord
{
    internal const ushort Type = 0; // behind SHELL_RECORDS
    internal const ushort More = 1;
    internal const ushort Cut = 2;
    internal const ushort Unresolved = 0x4000; // FLAG_UNRESOLVED: facts and directory are to be read from /proc

    internal RecordHeader Header;
    internal ProcessFacts Facts;
    internal uint DirectoryLength;
    internal uint TextLength;
}
