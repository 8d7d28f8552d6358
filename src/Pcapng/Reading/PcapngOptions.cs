using System.Buffers.Binary;
using System.Collections;
using System.Text;

namespace ECapture.Pcapng;

/// <summary>The options of a block in their order, with numbers in the byte order of their section.</summary>
public sealed class PcapngOptions : IReadOnlyList<PcapngOption>
{
    private readonly List<PcapngOption> _list;
    private readonly bool _bigEndian;

    internal PcapngOptions(List<PcapngOption> list, bool bigEndian)
    {
        _list = list;
        _bigEndian = bigEndian;
    }

    /// <summary>No options.</summary>
    public static PcapngOptions None { get; } = new([], false);

    /// <inheritdoc/>
    public int Count => _list.Count;

    /// <inheritdoc/>
    public PcapngOption this[int index] => _list[index];

    /// <summary>The value of the first option of this code, or null.</summary>
    public ReadOnlyMemory<byte>? Find(ushort code)
    {
        foreach (PcapngOption option in _list)
        {
            if (option.Code == code)
            {
                return option.Value;
            }
        }

        return null;
    }

    /// <summary>A text option; bytes that are not UTF-8 become U+FFFD. Null when there is none.</summary>
    public string? Text(ushort code) => Find(code) is { } value ? Encoding.UTF8.GetString(value.Span) : null;

    /// <summary>A number of 32 bits; null when there is none or it has another length.</summary>
    public uint? UInt32(ushort code) => Find(code) is { Length: 4 } value
        ? _bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(value.Span) : BinaryPrimitives.ReadUInt32LittleEndian(value.Span)
        : null;

    /// <summary>A number of 64 bits; null when there is none or it has another length.</summary>
    public ulong? UInt64(ushort code) => Find(code) is { Length: 8 } value
        ? _bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(value.Span) : BinaryPrimitives.ReadUInt64LittleEndian(value.Span)
        : null;

    /// <summary>Two numbers of 32 bits, as epb_processid_threadid has; null when there is none or it has another length.</summary>
    public (uint First, uint Second)? UInt32Pair(ushort code)
    {
        if (Find(code) is not { Length: 8 } value)
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = value.Span;
        return _bigEndian
            ? (BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]))
            : (BinaryPrimitives.ReadUInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
    }

    /// <inheritdoc/>
    public IEnumerator<PcapngOption> GetEnumerator() => _list.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
