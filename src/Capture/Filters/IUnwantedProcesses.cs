namespace ECapture.Capture.Filters;

/// <summary>Lets processes that are not wanted alone in the kernel, so that they cost little.</summary>
internal interface IUnwantedProcesses
{
    /// <summary>Leaves a process out for a moment; then it is looked at again, for it may have become another one (a user, a name, a control group change).</summary>
    /// <param name="pid">Thread group id.</param>
    /// <param name="startNs">CLOCK_BOOTTIME at its start.</param>
    void LeaveOut(uint pid, ulong startNs);

    /// <summary>It runs another program now.</summary>
    void LookAgain(uint pid);

    /// <summary>Passes time.</summary>
    void Tick(ulong nowNs);
}
