namespace ECapture.Pcapng;

/// <summary>A block of a file.</summary>
/// <param name="Offset">Offset in bytes of the block in its file.</param>
/// <param name="Options">Its options.</param>
public abstract record PcapngBlock(long Offset, PcapngOptions Options);
