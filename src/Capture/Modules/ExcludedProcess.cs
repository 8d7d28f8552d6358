using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules;

/// <summary>A process that is not captured: <c>struct excluded_process</c> of bpf/include/shared.h. All zero: the pipeline's own.</summary>
[CRecord("excluded_process")]
[StructLayout(LayoutKind.Sequential)]
internal struct ExcludedProcess
{
    /// <summary>CLOCK_BOOTTIME at the start of an unwanted process.</summary>
    public ulong ProcessStart;

    /// <summary>CLOCK_BOOTTIME until which it is left out; 0: the pipeline's own, for ever.</summary>
    public ulong Until;

    /// <summary>True for the pipeline's own.</summary>
    internal readonly bool IsOwn => Until == 0;
}
