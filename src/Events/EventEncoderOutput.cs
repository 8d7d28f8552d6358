using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace ECapture.Events;

/// <summary>Writes the protobuf wire format (https://protobuf.dev/programming-guides/encoding/) into a span.</summary>
internal ref struct EventEncoderOutput(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    internal const int Varint = 0;
    internal const int Fixed64 = 1;
    internal const int LengthDelimited = 2;

    /// <summary>Bytes written so far.</summary>
    internal int Length { get; private set; }

    internal static int VarintSize(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    internal static int TagSize(int field) => VarintSize((ulong)field << 3);

    internal static int NumberSize(int field, ulong value) => value == 0 ? 0 : TagSize(field) + VarintSize(value);

    internal static int Fixed64Size(int field, ulong value) => value == 0 ? 0 : TagSize(field) + 8;

    internal static int BytesSize(int field, int length) => length == 0 ? 0 : MessageSize(field, length);

    internal static int MessageSize(int field, int length) => TagSize(field) + VarintSize((ulong)length) + length;

    internal static int TextSize(int field, string text) => BytesSize(field, Encoding.UTF8.GetByteCount(text));

    /// <summary>A varint field; absent when 0.</summary>
    internal void Number(int field, ulong value)
    {
        if (value != 0)
        {
            Tag(field, Varint);
            Raw(value);
        }
    }

    /// <summary>A fixed64 field; absent when 0.</summary>
    internal void Fixed(int field, ulong value)
    {
        if (value != 0)
        {
            Tag(field, Fixed64);
            BinaryPrimitives.WriteUInt64LittleEndian(_buffer[Length..], value);
            Length += 8;
        }
    }

    /// <summary>A bytes field; absent when empty.</summary>
    internal void Bytes(int field, scoped ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
        {
            Message(field, value.Length);
            Raw(value);
        }
    }

    /// <summary>A string field; absent when empty.</summary>
    internal void Text(int field, string value)
    {
        if (value.Length > 0)
        {
            Message(field, Encoding.UTF8.GetByteCount(value));
            Length += Encoding.UTF8.GetBytes(value, _buffer[Length..]);
        }
    }

    /// <summary>The head of a length-delimited field.</summary>
    internal void Message(int field, int length)
    {
        Tag(field, LengthDelimited);
        Raw((ulong)length);
    }

    /// <summary>Bytes as they are.</summary>
    internal void Raw(scoped ReadOnlySpan<byte> value)
    {
        value.CopyTo(_buffer[Length..]);
        Length += value.Length;
    }

    private void Tag(int field, int type) => Raw(((ulong)field << 3) | (uint)type);

    private void Raw(ulong value)
    {
        while (value >= 0x80)
        {
            _buffer[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[Length++] = (byte)value;
    }
}
