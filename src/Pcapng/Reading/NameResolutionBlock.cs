namespace ECapture.Pcapng;

/// <summary>Section "Name Resolution Block".</summary>
/// <param name="Offset">Offset in bytes.</param>
/// <param name="Options">Its options.</param>
/// <param name="Records">Record types (1: IPv4, 2: IPv6, …) and values: an address, then names that end with a zero byte.</param>
public sealed record NameResolutionBlock(long Offset, PcapngOptions Options, IReadOnlyList<PcapngOption> Records)
    : PcapngBlock(Offset, Options);
