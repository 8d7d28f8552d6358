using System.Buffers.Binary;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Benchmarks.Query;

/// <summary>An encoded packet event whose number, times and frame are overwritten in place: making millions of them costs a copy each.</summary>
internal sealed class PacketTemplate
{
    /// <summary>Sequences from here on have encodings of one length.</summary>
    public const ulong FirstSequence = 1UL << 28;

    private const int Headers = 54; // Ethernet, IPv4, TCP: they stay
    private const ulong WallMarker = 0x5157_0000_1111_2222;
    private const ulong BootMarker = 0x5157_0000_3333_4444;

    private readonly byte[] _encoded;
    private readonly int _sequenceAt;
    private readonly int _bootAt;
    private readonly int _wallAt;
    private readonly int _frameAt;

    public PacketTemplate(Event packet)
    {
        packet.Sequence = FirstSequence;
        packet.WallNs = WallMarker;
        packet.BootNs = BootMarker;
        _encoded = packet.ToByteArray();
        byte[] number = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(number, BootMarker);
        _bootAt = _encoded.AsSpan().IndexOf(number);
        BinaryPrimitives.WriteUInt64LittleEndian(number, WallMarker);
        _wallAt = _encoded.AsSpan().IndexOf(number);
        _sequenceAt = _encoded.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x20, 0x80, 0x80, 0x80, 0x80, 0x01]) + 1;
        _frameAt = _encoded.Length - packet.Packet.Data.Length; // the last field of the last field
    }

    public int FrameLength => _encoded.Length - _frameAt;

    /// <summary>The next packet of this kind; overwritten by the one after it.</summary>
    public ReadOnlySpan<byte> Next(ulong sequence, ulong wall, ulong boot, ReadOnlySpan<byte> noise, bool isOpening)
    {
        Span<byte> encoded = _encoded;
        for (int i = 0; i < 5; i++)
        {
            encoded[_sequenceAt + i] = (byte)(((sequence >> (7 * i)) & 0x7F) | (i < 4 ? 0x80u : 0u));
        }

        BinaryPrimitives.WriteUInt64LittleEndian(encoded[_bootAt..], boot);
        BinaryPrimitives.WriteUInt64LittleEndian(encoded[_wallAt..], wall);
        Span<byte> frame = encoded[_frameAt..];
        frame[47] = isOpening ? (byte)2 : (byte)16;
        if (frame.Length > Headers)
        {
            noise[..(frame.Length - Headers)].CopyTo(frame[Headers..]);
        }

        return encoded;
    }
}
