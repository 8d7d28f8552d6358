using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Bash;

/// <summary><c>struct bash_more</c> of bpf/bash.bpf.c; text follows.</summary>
[CRecord("bash_more")]
[StructLayout(LayoutKind.Sequential)]
internal struct MoreRecord
{
    internal const ushort Type = 17;

    internal RecordHeader Header;
    internal uint Offset;
    internal uint TextLength;
}
