namespace ECapture.Pcapng;

/// <summary>Section "Interface Statistics Block".</summary>
/// <param name="Offset">Offset in bytes.</param>
/// <param name="Options">The counters (isb_ifrecv and others).</param>
/// <param name="InterfaceId">Number of the interface in the section.</param>
/// <param name="UnixNanoseconds">Nanoseconds of the Unix epoch.</param>
public sealed record InterfaceStatisticsBlock(long Offset, PcapngOptions Options, int InterfaceId, Int128 UnixNanoseconds)
    : PcapngBlock(Offset, Options);
