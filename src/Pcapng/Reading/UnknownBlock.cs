namespace ECapture.Pcapng;

/// <summary>A block of a type that this reader does not know; the format says to skip it.</summary>
/// <param name="Offset">Offset in bytes.</param>
/// <param name="Type">Its type.</param>
/// <param name="Body">What stands between its two lengths.</param>
public sealed record UnknownBlock(long Offset, uint Type, ReadOnlyMemory<byte> Body) : PcapngBlock(Offset, PcapngOptions.None);
