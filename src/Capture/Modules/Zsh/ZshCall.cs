using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Zsh;

/// <summary><c>struct zsh_call</c> of bpf/zsh.bpf.c.</summary>
[CRecord("zsh_call")]
[StructLayout(LayoutKind.Sequential)]
internal struct ZshCall
{
    internal long ExitValue;
}
