using System.Buffers.Binary;
using System.Numerics;

namespace ECapture.Log.Local;

/// <summary>
/// The format of a block, the unit in which records are stored: per record the varint lengths of key and value, the key, the
/// value. Offsets in a block are contiguous.
/// </summary>
internal static class Block
{
    /// <summary>A block is closed when its bytes reach this; a larger record has a block of its own.</summary>
    public const int TargetBytes = 256 * 1024;

    /// <summary>Bytes that a record needs at most besides key and value.</summary>
    public const int MaxOverhead = 10;

    /// <summary>A block holds at most this many records.</summary>
    public const int MaxRecords = 16 * 1024;

    /// <summary>Writes one record; the caller has made room for it.</summary>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> to, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        int at = WriteLength(to, key.Length);
        at += WriteLength(to[at..], value.Length);
        key.CopyTo(to[at..]);
        at += key.Length;
        value.CopyTo(to[at..]);
        return at + value.Length;
    }

    /// <summary>Reads one record at <paramref name="at"/> and moves on.</summary>
    /// <returns>False when the bytes are not those of a block.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> block, ref int at, out ReadOnlyMemory<byte> key, out ReadOnlyMemory<byte> value)
    {
        key = value = default;
        ReadOnlySpan<byte> bytes = block.Span;
        if (!TryReadLength(bytes, ref at, out int keyLength)
            || !TryReadLength(bytes, ref at, out int valueLength)
            || keyLength > bytes.Length - at
            || valueLength > bytes.Length - at - keyLength)
        {
            return false;
        }

        key = block.Slice(at, keyLength);
        value = block.Slice(at + keyLength, valueLength);
        at += keyLength + valueLength;
        return true;
    }

    /// <summary>CRC-32C: SQLite itself does not notice a changed byte in a blob.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }

    private static int WriteLength(Span<byte> to, int length)
    {
        uint rest = (uint)length;
        int at = 0;
        while (rest >= 0x80)
        {
            to[at++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        to[at++] = (byte)rest;
        return at;
    }

    private static bool TryReadLength(ReadOnlySpan<byte> bytes, ref int at, out int length)
    {
        length = 0;
        for (int shift = 0; shift < 35 && at < bytes.Length; shift += 7)
        {
            byte b = bytes[at++];
            if (shift == 28 && b > 0x07)
            {
                return false;
            }

            length |= (b & 0x7f) << shift;
            if (b < 0x80)
            {
                return true;
            }
        }

        return false;
    }
}
