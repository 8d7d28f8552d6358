using System.Buffers.Binary;

namespace ECapture.Protocols.MySql;

/// <summary>Reads the protocol's basic types. Past the end it gives zeros and empty spans and says so: nothing throws.</summary>
internal ref struct ByteCursor(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private int _at;

    /// <summary>Something was read that was not there.</summary>
    internal bool IsBroken { get; private set; }

    internal readonly bool IsAtEnd => _at >= _data.Length;

    internal readonly ReadOnlySpan<byte> Rest => _data[_at..];

    internal ReadOnlySpan<byte> Bytes(ulong count)
    {
        if (IsBroken || count > (ulong)(_data.Length - _at))
        {
            IsBroken = true;
            return default;
        }

        ReadOnlySpan<byte> bytes = _data.Slice(_at, (int)count);
        _at += (int)count;
        return bytes;
    }

    internal byte U8()
    {
        ReadOnlySpan<byte> bytes = Bytes(1);
        return bytes.IsEmpty ? (byte)0 : bytes[0];
    }

    internal ushort U16()
    {
        ReadOnlySpan<byte> bytes = Bytes(2);
        return bytes.IsEmpty ? (ushort)0 : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    internal uint U32()
    {
        ReadOnlySpan<byte> bytes = Bytes(4);
        return bytes.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    internal ulong U64()
    {
        ReadOnlySpan<byte> bytes = Bytes(8);
        return bytes.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>A length-encoded integer.</summary>
    internal ulong Length()
    {
        byte first = U8();
        switch (first)
        {
            case < 0xfb:
                return first;
            case 0xfc:
                return U16();
            case 0xfd:
                uint low = U16();
                return low | ((uint)U8() << 16);
            case 0xfe:
                return U64();
            default:
                IsBroken = true;
                return 0;
        }
    }

    /// <summary>A length-encoded string.</summary>
    internal ReadOnlySpan<byte> Text() => Bytes(Length());

    /// <summary>A string that ends with a NUL, or with the packet.</summary>
    internal ReadOnlySpan<byte> Terminated()
    {
        ReadOnlySpan<byte> rest = Rest;
        int end = rest.IndexOf((byte)0);
        _at += end < 0 ? rest.Length : end + 1;
        return end < 0 ? rest : rest[..end];
    }
}
