using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace ECapture.Storage.Tables;

/// <summary>
/// Bytes that grow: first in a small array of their own, then in pieces of a pool. Nothing that was written is copied again, and a buffer that is used
/// again does not allocate.
/// </summary>
/// <param name="pool">Where the pieces come from; they go back with <see cref="Clear"/>.</param>
public sealed class ByteBuffer(BufferPool pool)
{
    // A table that gets a few rows a second holds no piece at all.
    private const int MaxOwnBytes = 4096;

    private readonly List<(byte[] Bytes, int Length)> _full = [];
    private byte[] _own = [];
    private byte[] _current = [];
    private int _at;
    private long _before;

    /// <summary>A buffer that is used once.</summary>
    public ByteBuffer()
        : this(BufferPool.None)
    {
    }

    /// <summary>Bytes written.</summary>
    public long Length => _before + _at;

    /// <summary>In how many places what was written lies.</summary>
    public int Pieces => _full.Count + 1;

    /// <summary>What was written, in order; valid until the next write.</summary>
    /// <param name="index">From 0 to below <see cref="Pieces"/>.</param>
    public ReadOnlyMemory<byte> Piece(int index) =>
        index == _full.Count ? _current.AsMemory(0, _at) : _full[index].Bytes.AsMemory(0, _full[index].Length);

    /// <summary>A copy of what was written.</summary>
    public byte[] ToArray()
    {
        byte[] all = new byte[Length];
        int at = 0;
        for (int i = 0; i < Pieces; i++)
        {
            Piece(i).CopyTo(all.AsMemory(at));
            at += Piece(i).Length;
        }

        return all;
    }

    /// <summary>Forgets what was written.</summary>
    public void Clear()
    {
        foreach ((byte[] bytes, _) in _full)
        {
            Release(bytes);
        }

        Release(_current);
        _full.Clear();
        _current = _own;
        _at = 0;
        _before = 0;
    }

    /// <summary>Room for a few bytes in one place, counted as written.</summary>
    /// <param name="count">Far below <see cref="BufferPool.PieceBytes"/>; anything may be given to <see cref="Write"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Take(int count)
    {
        if (_current.Length - _at < count)
        {
            Grow(count);
        }

        Span<byte> room = _current.AsSpan(_at, count);
        _at += count;
        return room;
    }

    /// <summary>Appends bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (_current.Length - _at < bytes.Length)
        {
            int fits = _current.Length - _at;
            if (_current != _own)
            {
                bytes[..fits].CopyTo(_current.AsSpan(_at));
                _at += fits;
                bytes = bytes[fits..];
            }

            Grow(bytes.Length);
        }

        bytes.CopyTo(_current.AsSpan(_at));
        _at += bytes.Length;
    }

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
        _at -= 5 - at;
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
        int wanted = _at + count;
        if (_current == _own && wanted <= MaxOwnBytes)
        {
            Array.Resize(ref _own, Math.Max(wanted, Math.Min(MaxOwnBytes, Math.Max(256, _own.Length * 2))));
            _current = _own;
            return;
        }

        if (_at > 0)
        {
            _full.Add((_current, _at));
            _before += _at;
        }

        _current = pool.Rent();
        _at = 0;
    }

    private void Release(byte[] bytes)
    {
        if (bytes != _own)
        {
            pool.Return(bytes);
        }
    }
}
