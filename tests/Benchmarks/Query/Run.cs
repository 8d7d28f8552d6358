namespace ECapture.Benchmarks.Query;

/// <summary>One answer, written into a file.</summary>
/// <param name="Seconds">Time it took.</param>
/// <param name="CpuSeconds">Processor time of the process that wrote it.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Peak">Peak memory of the process so far, in bytes.</param>
/// <param name="Idle">Peak memory before its first file.</param>
/// <param name="FirstPacket">Seconds until the first packet was in the file; 0 where there is none.</param>
/// <param name="Contents">Sessions, packets and keys; or events.</param>
internal sealed record Run(double Seconds, double CpuSeconds, long Bytes, long Peak, long Idle, double FirstPacket, string Contents)
{
    public double Speed => Bytes / 1e6 / Seconds;

    public double CpuPerGigabyte => CpuSeconds * 1e9 / Bytes;
}
