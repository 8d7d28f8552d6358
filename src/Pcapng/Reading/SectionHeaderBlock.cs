namespace ECapture.Pcapng;

/// <summary>Section "Section Header Block".</summary>
/// <param name="Offset">Offset in bytes.</param>
/// <param name="Options">Its options.</param>
/// <param name="BigEndian">Byte order of the section.</param>
/// <param name="MinorVersion">0 or 2; the major version is 1.</param>
/// <param name="SectionLength">Bytes of the section without this block, -1 when not specified.</param>
public sealed record SectionHeaderBlock(long Offset, PcapngOptions Options, bool BigEndian, ushort MinorVersion, long SectionLength)
    : PcapngBlock(Offset, Options);
