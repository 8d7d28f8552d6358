namespace ECapture.Capture.Publishing;

/// <summary>Records of one kind that were not kept.</summary>
/// <param name="Where">The ring, queue or table.</param>
/// <param name="Why">The reason.</param>
/// <param name="Cpu">Processor; <see cref="NoCpu"/>: not of one.</param>
/// <param name="Records">How many.</param>
/// <param name="FromNs">CLOCK_BOOTTIME before the first.</param>
/// <param name="ToNs">CLOCK_BOOTTIME after the last.</param>
internal readonly record struct LossEntry(string Where, string Why, uint Cpu, ulong Records, ulong FromNs, ulong ToNs)
{
    internal const uint NoCpu = uint.MaxValue;
}
