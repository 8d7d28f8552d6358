using System.Buffers.Binary;

namespace ECapture.Pcapng;

/// <summary>The body of one block, read from its start with every length checked.</summary>
internal struct BlockBody(ReadOnlyMemory<byte> bytes, bool bigEndian, long offset)
{
    private ReadOnlyMemory<byte> _rest = bytes;

    public readonly long Offset => offset;

    public readonly int Left => _rest.Length;

    public readonly ReadOnlyMemory<byte> Rest => _rest;

    public ushort UInt16()
    {
        ReadOnlySpan<byte> value = Take(2).Span;
        return bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(value) : BinaryPrimitives.ReadUInt16LittleEndian(value);
    }

    public uint UInt32()
    {
        ReadOnlySpan<byte> value = Take(4).Span;
        return bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(value) : BinaryPrimitives.ReadUInt32LittleEndian(value);
    }

    public ulong UInt64()
    {
        ReadOnlySpan<byte> value = Take(8).Span;
        return bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(value) : BinaryPrimitives.ReadUInt64LittleEndian(value);
    }

    /// <summary>A time: two numbers of 32 bits, the upper one first in either byte order.</summary>
    public ulong Ticks() => ((ulong)UInt32() << 32) | UInt32();

    public ReadOnlyMemory<byte> Padded(uint length)
    {
        if (length > (uint)_rest.Length)
        {
            throw new PcapngException(offset, FormattableString.Invariant($"data of {length} bytes where {_rest.Length} are left"));
        }

        ReadOnlyMemory<byte> value = _rest[..(int)length];
        _rest = _rest[Math.Min(Padding.Align((int)length), _rest.Length)..];
        return value;
    }

    public List<PcapngOption> Records() =>
        OptionList.TryRead(ref _rest, bigEndian, out List<PcapngOption> list, out string problem)
            ? list
            : throw new PcapngException(offset, problem);

    public readonly PcapngOptions Options() =>
        OptionList.TryRead(_rest, bigEndian, out PcapngOptions? options, out string problem)
            ? options
            : throw new PcapngException(offset, problem);

    private ReadOnlyMemory<byte> Take(int length)
    {
        if (length > _rest.Length)
        {
            throw new PcapngException(offset, "its length is less than its fixed fields need");
        }

        ReadOnlyMemory<byte> value = _rest[..length];
        _rest = _rest[length..];
        return value;
    }
}
