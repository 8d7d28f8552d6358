namespace ECapture.Terminal.Pcap;

/// <summary>A frame that waits for the keys of its session.</summary>
internal struct HeldPacket
{
    /// <summary>Rented; the frame is its first <see cref="Length"/> bytes.</summary>
    internal byte[] Frame;
    internal int Length;
    internal uint OriginalLength;
    internal ulong BootNs;
    internal ulong WallNs;
    internal ulong Flow;
    internal int Interface;
    internal uint Direction;
    internal PacketOwner? Owner;
}
