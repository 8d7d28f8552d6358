using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace ECapture.Storage.Tables;

/// <summary>Bytes that grow. What was grown stays: a buffer that is used again does not allocate.</summary>
public sealed class ByteBuffer
{
    private byte[] _bytes = [];

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written, valid until the next write.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Bytes held, written or not.</summary>
    public int Capacity => _bytes.Length;

    /// <summary>Forgets what was written. A buffer that grew beyond <paramref name="keep"/> bytes is given back.</summary>
    public void Clear(int keep)
    {
        Length = 0;
        if (_bytes.Length > keep)
        {
            _bytes = [];
        }
    }

    /// <summary>Room for <paramref name="count"/> bytes, counted as written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Take(int count)
    {
        if (_bytes.Length - Length < count)
        {
            Grow(count);
        }

        Span<byte> room = _bytes.AsSpan(Length, count);
        Length += count;
        return room;
    }

    /// <summary>Appends bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Appends a length or count in 7-bit groups, lowest first (LEB128), as ClickHouse writes them.</summary>
    public void WriteVarint(uint value)
    {
        Span<byte> room = Take(5);
        int at = 0;
        while (value >= 0x80)
        {
            room[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        room[at++] = (byte)value;
        Length -= 5 - at;
    }

    /// <summary>Appends an unsigned integer of 1, 2, 4 or 8 bytes, lowest byte first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteLittleEndian(ulong value, int width)
    {
        Span<byte> room = Take(width);
        switch (width)
        {
            case 1:
                room[0] = (byte)value;
                break;
            case 2:
                BinaryPrimitives.WriteUInt16LittleEndian(room, (ushort)value);
                break;
            case 4:
                BinaryPrimitives.WriteUInt32LittleEndian(room, (uint)value);
                break;
            default:
                BinaryPrimitives.WriteUInt64LittleEndian(room, value);
                break;
        }
    }

    /// <summary>Appends PostgreSQL's length word and an integer of 2, 4 or 8 bytes, highest byte first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteCopyInteger(ulong value, int width)
    {
        Span<byte> room = Take(4 + width);
        BinaryPrimitives.WriteInt32BigEndian(room, width);
        switch (width)
        {
            case 2:
                BinaryPrimitives.WriteUInt16BigEndian(room[4..], (ushort)value);
                break;
            case 4:
                BinaryPrimitives.WriteUInt32BigEndian(room[4..], (uint)value);
                break;
            default:
                BinaryPrimitives.WriteUInt64BigEndian(room[4..], value);
                break;
        }
    }

    /// <summary>Appends PostgreSQL's length word alone; -1 is null.</summary>
    public void WriteCopyLength(int length) => BinaryPrimitives.WriteInt32BigEndian(Take(4), length);

    private void Grow(int count)
    {
        long wanted = Math.Max((long)Length + count, Math.Max(256, (long)_bytes.Length * 2));
        Array.Resize(ref _bytes, (int)Math.Min(wanted, Array.MaxLength));
    }
}
