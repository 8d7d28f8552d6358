using System.Buffers.Binary;
using System.Text;

namespace ECapture.Pcapng;

/// <summary>The bytes of blocks on their way to a stream: one array, reused after each flush.</summary>
internal sealed class BlockBuffer(int capacity)
{
    private byte[] _bytes = new byte[capacity];
    private int _blockStart;

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Room of exactly <paramref name="length"/> bytes, counted as written; its content is not cleared.</summary>
    public Span<byte> Take(int length)
    {
        if (_bytes.Length - Length < length)
        {
            Array.Resize(ref _bytes, checked((int)Math.Max((long)Length + length, Math.Min(2L * _bytes.Length, Array.MaxLength))));
        }

        Span<byte> room = _bytes.AsSpan(Length, length);
        Length += length;
        return room;
    }

    public void Begin(BlockType type)
    {
        _blockStart = Length;
        UInt32((uint)type);
        UInt32(0);
    }

    public void End()
    {
        uint total = (uint)(Length - _blockStart + 4);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(_blockStart + 4), total);
        UInt32(total);
    }

    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    public void Padded(ReadOnlySpan<byte> value)
    {
        Span<byte> room = Take(Padding.Align(value.Length));
        value.CopyTo(room);
        room[value.Length..].Clear();
    }

    public void Option(ushort code, ReadOnlySpan<byte> value)
    {
        UInt16(code);
        UInt16(checked((ushort)value.Length));
        Padded(value);
    }

    /// <summary>A text option, left out when empty and cut at a character when longer than an option can be.</summary>
    public void Option(ushort code, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int length = bytes.Length;
        if (length > ushort.MaxValue)
        {
            length = ushort.MaxValue;
            while ((bytes[length] & 0xC0) == 0x80)
            {
                length--;
            }
        }

        Option(code, bytes.AsSpan(0, length));
    }

    public void Patch(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(at), value);

    public void EndOfOptions() => UInt32(0);
}
