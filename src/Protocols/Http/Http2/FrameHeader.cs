using System.Buffers.Binary;

namespace ECapture.Protocols.Http.Http2;

/// <summary>The nine bytes before each frame's payload (RFC 9113 section 4.1).</summary>
internal readonly record struct FrameHeader(int Length, FrameType Type, byte Flags, int Stream, bool Reserved)
{
    public const int Size = 9;

    /// <summary>END_STREAM of DATA and HEADERS; ACK of SETTINGS and PING.</summary>
    public const byte EndStream = 0x1;

    /// <summary>END_HEADERS of HEADERS, PUSH_PROMISE and CONTINUATION.</summary>
    public const byte EndHeaders = 0x4;

    /// <summary>PADDED of DATA, HEADERS and PUSH_PROMISE.</summary>
    public const byte Padded = 0x8;

    /// <summary>PRIORITY of HEADERS.</summary>
    public const byte Priority = 0x20;

    /// <summary>The smallest frame limit a peer may announce, and the one nearly all keep (section 6.5.2).</summary>
    public const int UsualFrame = 16384;

    /// <summary>
    /// Whether a frame like this is sent in practice: a known type with its flags, its length and its kind of stream. Strict enough that random bytes pass
    /// once in some hundred million.
    /// </summary>
    public bool IsPlausible => !Reserved && Length <= UsualFrame && Stream < 1 << 26 && Type switch
    {
        FrameType.Data => Stream != 0 && (Flags & ~(EndStream | Padded)) == 0,
        FrameType.Headers => Stream != 0 && Length > 0 && (Flags & ~(EndStream | EndHeaders | Padded | Priority)) == 0,
        FrameType.Priority => Stream != 0 && Length == 5 && Flags == 0,
        FrameType.RstStream => Stream != 0 && Length == 4 && Flags == 0,
        FrameType.Settings => Stream == 0 && Length % 6 == 0 && Length <= 600 && (Flags & ~EndStream) == 0 && (Flags == 0 || Length == 0),
        FrameType.PushPromise => Stream != 0 && Length > 4 && (Flags & ~(EndHeaders | Padded)) == 0,
        FrameType.Ping => Stream == 0 && Length == 8 && (Flags & ~EndStream) == 0,
        FrameType.GoAway => Stream == 0 && Length >= 8 && Flags == 0,
        FrameType.WindowUpdate => Length == 4 && Flags == 0,
        FrameType.Continuation => Stream != 0 && (Flags & ~EndHeaders) == 0,
        _ => false,
    };

    public static FrameHeader Read(ReadOnlySpan<byte> bytes)
    {
        uint stream = BinaryPrimitives.ReadUInt32BigEndian(bytes[5..]);
        return new FrameHeader((bytes[0] << 16) | (bytes[1] << 8) | bytes[2], (FrameType)bytes[3], bytes[4], (int)(stream & int.MaxValue), stream > int.MaxValue);
    }
}
