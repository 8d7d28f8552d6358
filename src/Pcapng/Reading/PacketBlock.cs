namespace ECapture.Pcapng;

/// <summary>
/// A packet of an Enhanced Packet Block, a Simple Packet Block (which has no time and belongs to interface 0) or an obsolete Packet Block.
/// </summary>
/// <param name="Offset">Offset in bytes.</param>
/// <param name="Options">Its options.</param>
/// <param name="Type">Which of the three blocks.</param>
/// <param name="InterfaceId">Number of the interface in the section.</param>
/// <param name="UnixNanoseconds">Nanoseconds of the Unix epoch; null in a Simple Packet Block.</param>
/// <param name="OriginalLength">Length on the wire.</param>
/// <param name="Data">What was kept of it.</param>
public sealed record PacketBlock(
    long Offset, PcapngOptions Options, BlockType Type, int InterfaceId, Int128? UnixNanoseconds, uint OriginalLength, ReadOnlyMemory<byte> Data)
    : PcapngBlock(Offset, Options)
{
    /// <summary>From epb_flags.</summary>
    public PacketDirection Direction => (Options.UInt32(OptionCode.PacketFlags) & 3) switch
    {
        1 => PacketDirection.Inbound,
        2 => PacketDirection.Outbound,
        _ => PacketDirection.Unknown,
    };

    /// <summary>From epb_processid_threadid; null when there is none.</summary>
    public uint? Pid => Type == BlockType.EnhancedPacket ? Options.UInt32Pair(OptionCode.PacketProcess)?.First : null;
}
