namespace ECapture.Benchmarks.Capture;

/// <summary>One measurement.</summary>
/// <param name="Rate">Requests, transactions or statements per second.</param>
/// <param name="Offered">How many there were, those of the warm-up included.</param>
/// <param name="Captured">How many of them are in the log; -1: nothing captured them.</param>
/// <param name="Lost">Records that the agent declared lost.</param>
/// <param name="CpuPerMillion">Seconds of the agent's processor time per million of them, without the warm-up.</param>
/// <param name="IdleRss">Bytes of the agent's resident memory (VmRSS) before the load.</param>
/// <param name="LoadedRss">Bytes of its resident memory at the end of the load.</param>
/// <param name="Rings">Bytes of the rings that the kernel holds for it.</param>
internal sealed record CaptureMeasured(double Rate, long Offered, long Captured, long Lost, double CpuPerMillion, long IdleRss, long LoadedRss, long Rings);
