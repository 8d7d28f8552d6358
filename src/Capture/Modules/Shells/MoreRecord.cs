using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Shells;

/// <summary><c>struct shell_more</c> of bpf/include/shell.h; text follows.</summary>
[CRecord("shell_more")]
[StructLayout(LayoutKind.Sequential)]
internal struct MoreRecord
{
    internal const ushort Type = 1; // behind SHELL_RECORDS

    internal RecordHeader Header;
    internal uint Offset;
    internal uint TextLength;
}
