namespace ECapture.Benchmarks.Query;

/// <summary>One file written.</summary>
/// <param name="Seconds">Time it took.</param>
/// <param name="CpuSeconds">Processor time of the process that wrote it.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Peak">Peak memory of the process so far, in bytes.</param>
/// <param name="Idle">Peak memory before its first file.</param>
/// <param name="Contents">Sessions, packets and keys.</param>
internal sealed record Run(double Seconds, double CpuSeconds, long Bytes, long Peak, long Idle, string Contents)
{
    public double Speed => Bytes / 1e6 / Seconds;

    public double CpuPerGigabyte => CpuSeconds * 1e9 / Bytes;
}
