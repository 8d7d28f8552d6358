namespace ECapture.Protocols.Http.Http2;

/// <summary>
/// Decodes the header blocks of one direction in their order (RFC 7541). A decoder that did not see the connection's start reports fields of table entries
/// it cannot know as unknown (<see cref="HttpHeader.IsUnknown"/>).
/// </summary>
public sealed class HpackDecoder
{
    private readonly DynamicTable _table;
    private byte[] _name = new byte[64];
    private byte[] _value = new byte[256];

    /// <summary>A decoder with an empty table of 4,096 bytes (section 4.2).</summary>
    /// <param name="maxTableBytes">The most that the table is given, whatever the sender announces.</param>
    /// <param name="startsInMiddle">Whether blocks before the first one were not captured.</param>
    public HpackDecoder(int maxTableBytes = 65536, bool startsInMiddle = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTableBytes, 4096);
        _table = new DynamicTable(maxTableBytes);
        if (startsInMiddle)
        {
            _table.Lose();
        }
    }

    /// <summary>Entries known of the dynamic table.</summary>
    public int TableCount => _table.Count;

    /// <summary>Bytes of the known entries, each with 32 (section 4.1).</summary>
    public int TableSize => _table.Size;

    /// <summary>Blocks were not captured: entries up to now are unknown.</summary>
    public void Lose() => _table.Lose();

    /// <summary>Decodes a whole block.</summary>
    /// <param name="block">All fragments of the block.</param>
    /// <param name="sink">Takes the fields, those before an error too.</param>
    /// <returns>False when the block breaks the format; the table is unknown from there.</returns>
    public bool Decode(ReadOnlySpan<byte> block, IHeaderSink sink)
    {
        while (!block.IsEmpty)
        {
            byte first = block[0];
            bool ok = (first & 0x80) != 0 ? Indexed(ref block, sink)
                : (first & 0xc0) == 0x40 ? Literal(ref block, 6, HttpHeaderFlags.None, true, sink)
                : (first & 0xe0) == 0x20 ? Resize(ref block)
                : Literal(ref block, 4, (first & 0x10) != 0 ? HttpHeaderFlags.NeverIndexed : HttpHeaderFlags.None, false, sink);
            if (!ok)
            {
                _table.Lose();
                return false;
            }
        }

        return true;
    }

    /// <summary>An integer with a prefix of some bits (section 5.1), below 2^31.</summary>
    /// <param name="bytes">What was read is cut off.</param>
    /// <param name="prefixBits">1 to 8.</param>
    /// <param name="value">The integer.</param>
    /// <returns>False when it is too large or not complete.</returns>
    public static bool TryReadInteger(scoped ref ReadOnlySpan<byte> bytes, int prefixBits, out int value)
    {
        value = 0;
        if (bytes.IsEmpty)
        {
            return false;
        }

        int mask = (1 << prefixBits) - 1;
        long result = bytes[0] & mask;
        int at = 1;
        if (result == mask)
        {
            for (int shift = 0; ; shift += 7)
            {
                if (at >= bytes.Length || shift > 28)
                {
                    return false;
                }

                byte next = bytes[at++];
                result += (long)(next & 0x7f) << shift;
                if ((next & 0x80) == 0)
                {
                    break;
                }
            }
        }

        if (result > int.MaxValue)
        {
            return false;
        }

        bytes = bytes[at..];
        value = (int)result;
        return true;
    }

    private bool Indexed(ref ReadOnlySpan<byte> block, IHeaderSink sink)
    {
        if (!TryReadInteger(ref block, 7, out int index) || index == 0)
        {
            return false;
        }

        if (index <= StaticTable.Count)
        {
            sink.OnHeader(StaticTable.Name(index), StaticTable.Value(index), HttpHeaderFlags.None);
            return true;
        }

        if (_table.TryGet(index - StaticTable.Count - 1, out DynamicTable.Entry entry))
        {
            sink.OnHeader(entry.Name, entry.Value, entry.Flags);
            return true;
        }

        if (!_table.IsPartial)
        {
            return false;
        }

        sink.OnHeader(default, default, HttpHeaderFlags.NameUnknown | HttpHeaderFlags.ValueUnknown);
        return true;
    }

    private bool Literal(ref ReadOnlySpan<byte> block, int prefixBits, HttpHeaderFlags flags, bool add, IHeaderSink sink)
    {
        if (!TryReadInteger(ref block, prefixBits, out int index))
        {
            return false;
        }

        ReadOnlySpan<byte> name;
        if (index == 0)
        {
            if (!TryReadString(ref block, ref _name, out name))
            {
                return false;
            }
        }
        else if (index <= StaticTable.Count)
        {
            name = StaticTable.Name(index);
        }
        else if (_table.TryGet(index - StaticTable.Count - 1, out DynamicTable.Entry entry))
        {
            name = entry.Name;
            flags |= entry.Flags & HttpHeaderFlags.NameUnknown;
        }
        else if (_table.IsPartial)
        {
            name = default;
            flags |= HttpHeaderFlags.NameUnknown;
        }
        else
        {
            return false;
        }

        if (!TryReadString(ref block, ref _value, out ReadOnlySpan<byte> value))
        {
            return false;
        }

        if (add)
        {
            _table.Add(name, value, flags);
        }

        sink.OnHeader(name, value, flags);
        return true;
    }

    private bool Resize(ref ReadOnlySpan<byte> block)
    {
        if (!TryReadInteger(ref block, 5, out int limit))
        {
            return false;
        }

        _table.SetLimit(limit);
        return true;
    }

    /// <summary>A string literal (section 5.2).</summary>
    private static bool TryReadString(scoped ref ReadOnlySpan<byte> block, scoped ref byte[] scratch, out ReadOnlySpan<byte> text)
    {
        text = default;
        bool coded = !block.IsEmpty && (block[0] & 0x80) != 0;
        if (!TryReadInteger(ref block, 7, out int length) || length > block.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> raw = block[..length];
        block = block[length..];
        if (!coded)
        {
            text = raw;
            return true;
        }

        int room = Huffman.MaxDecodedLength(length);
        if (scratch.Length < room)
        {
            scratch = new byte[Math.Max(room, scratch.Length * 2)];
        }

        bool ok = Huffman.TryDecode(raw, scratch, out int written);
        text = scratch.AsSpan(0, written);
        return ok;
    }
}
