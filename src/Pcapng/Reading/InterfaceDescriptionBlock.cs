namespace ECapture.Pcapng;

/// <summary>Section "Interface Description Block".</summary>
/// <param name="Offset">Offset in bytes.</param>
/// <param name="Options">Its options.</param>
/// <param name="InterfaceId">Number in the section, from 0.</param>
/// <param name="LinkType">LINKTYPE_ number.</param>
/// <param name="SnapLength">Bytes kept of a packet, 0 for no limit.</param>
/// <param name="Resolution">Unit of its times.</param>
public sealed record InterfaceDescriptionBlock(
    long Offset, PcapngOptions Options, int InterfaceId, ushort LinkType, uint SnapLength, TimestampResolution Resolution)
    : PcapngBlock(Offset, Options)
{
    /// <summary>if_name.</summary>
    public string? Name => Options.Text(OptionCode.InterfaceName);
}
