namespace ECapture.Pcapng;

/// <summary>Bits 0-1 of epb_flags (section "Enhanced Packet Block Flags Word").</summary>
public enum PacketDirection
{
    /// <summary>Information not available.</summary>
    Unknown = 0,

    /// <summary>Received.</summary>
    Inbound = 1,

    /// <summary>Sent.</summary>
    Outbound = 2,
}
