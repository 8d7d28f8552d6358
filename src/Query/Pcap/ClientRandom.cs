using System.Runtime.InteropServices;

namespace ECapture.Query.Pcap;

/// <summary>A client random as a key.</summary>
internal readonly record struct ClientRandom(UInt128 High, UInt128 Low)
{
    public static ClientRandom Of(ReadOnlySpan<byte> bytes) =>
        new(MemoryMarshal.Read<UInt128>(bytes), MemoryMarshal.Read<UInt128>(bytes[16..]));

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[32];
        MemoryMarshal.Write(bytes, High);
        MemoryMarshal.Write(bytes.AsSpan(16), Low);
        return bytes;
    }
}
