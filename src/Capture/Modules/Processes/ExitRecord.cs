using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Processes;

/// <summary><c>struct process_exit</c> of bpf/process.bpf.c.</summary>
[CRecord("process_exit")]
[StructLayout(LayoutKind.Sequential)]
internal struct ExitRecord
{
    internal const ushort Type = 2;

    internal RecordHeader Header;

    /// <summary>As waitpid shows it.</summary>
    internal uint Status;

    internal uint Reserved;

    /// <summary>What the process gave to exit; 0 when a signal ended it.</summary>
    internal readonly int ExitStatus => (int)((Status >> 8) & 0xff);

    /// <summary>The signal that ended it; 0: none.</summary>
    internal readonly uint Signal => Status & 0x7f;

    /// <summary>As <c>$?</c> shows it.</summary>
    internal readonly int ShellStatus => Signal == 0 ? ExitStatus : 128 + (int)Signal;
}
