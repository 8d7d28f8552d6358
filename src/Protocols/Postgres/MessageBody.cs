using System.Buffers.Binary;

namespace ECapture.Protocols.Postgres;

/// <summary>Reads the fields of a body; a field that is not whole is absent, never an exception.</summary>
internal ref struct MessageBody(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _rest = data;

    /// <summary>Bytes not read yet.</summary>
    internal readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>A NUL-terminated string; what there is when the end is missing.</summary>
    internal ReadOnlySpan<byte> ReadString(out bool isWhole)
    {
        int end = _rest.IndexOf((byte)0);
        isWhole = end >= 0;
        ReadOnlySpan<byte> text = isWhole ? _rest[..end] : _rest;
        _rest = isWhole ? _rest[(end + 1)..] : [];
        return text;
    }

    internal bool TryReadByte(out byte value)
    {
        value = _rest.IsEmpty ? (byte)0 : _rest[0];
        bool read = !_rest.IsEmpty;
        _rest = read ? _rest[1..] : [];
        return read;
    }

    internal bool TryReadInt16(out short value)
    {
        bool read = BinaryPrimitives.TryReadInt16BigEndian(_rest, out value);
        _rest = read ? _rest[2..] : [];
        return read;
    }

    internal bool TryReadInt32(out int value)
    {
        bool read = BinaryPrimitives.TryReadInt32BigEndian(_rest, out value);
        _rest = read ? _rest[4..] : [];
        return read;
    }

    /// <summary>At most <paramref name="length"/> bytes.</summary>
    internal ReadOnlySpan<byte> ReadBytes(int length)
    {
        int count = Math.Clamp(length, 0, _rest.Length);
        ReadOnlySpan<byte> bytes = _rest[..count];
        _rest = _rest[count..];
        return bytes;
    }
}
