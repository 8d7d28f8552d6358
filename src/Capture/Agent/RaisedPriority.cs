using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Agent;

/// <summary>
/// Who records goes before who is recorded: on a host whose processors are all busy, a thread that gets its even share only loses what the others do meanwhile. So the two threads
/// through which every record passes are a little more important than the rest (as auditd is), and what they start is not.
/// </summary>
internal static unsafe class RaisedPriority
{
    /// <summary>How much lower the threads' nice value is than that of the program (setpriority(2)).</summary>
    internal const int Steps = 5;

    private const int ThisThread = 0; // PRIO_PROCESS with 0: of the calling thread, as Linux has it
    private const int Other = 0; // SCHED_OTHER
    private const int ResetOnFork = 0x40000000; // SCHED_RESET_ON_FORK: threads and processes that it starts have nice value 0

    /// <summary>Raises the calling thread.</summary>
    /// <param name="error">Why not: without CAP_SYS_NICE, say.</param>
    /// <returns>False when the kernel refused: it stays as it was.</returns>
    internal static bool TryTake(out string error)
    {
        int nice = LibBpf.getpriority(ThisThread, 0);
        int none = 0;
        bool isRaised = LibBpf.sched_setscheduler(ThisThread, Other | ResetOnFork, &none) == 0
            && LibBpf.setpriority(ThisThread, 0, nice - Steps) == 0;
        error = isRaised ? "" : Marshal.GetLastPInvokeErrorMessage();
        return isRaised;
    }
}
