using System.Buffers.Binary;

namespace ECapture.Events;

/// <summary>
/// Walks over protobuf's wire format (https://protobuf.dev/programming-guides/encoding/) without trusting it. After the first
/// fault <see cref="HasFailed"/> stays true and every read gives nothing, so that callers check once, at the end.
/// </summary>
internal ref struct WireScanner(ReadOnlySpan<byte> bytes)
{
    public const int Varint = 0;
    public const int Fixed64 = 1;
    public const int Bytes = 2;

    private const int StartGroup = 3;
    private const int EndGroup = 4;
    private const int Fixed32 = 5;
    private const int MaxDepth = 64; // of groups, which this contract does not use

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at = 0;
    private int _end = bytes.Length;

    public bool HasFailed { get; private set; }

    /// <summary>Index of the next byte.</summary>
    public readonly int At => _at;

    /// <summary>The next field's tag (number * 8 + wire type); false at the end or after a fault.</summary>
    public bool TryTag(out uint tag)
    {
        if (_at >= _end)
        {
            tag = 0;
            return false;
        }

        tag = (uint)ReadVarint();
        if (tag >> 3 == 0)
        {
            Fail();
        }

        return !HasFailed;
    }

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70 && _at < _end; shift += 7)
        {
            byte next = _bytes[_at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        Fail();
        return 0;
    }

    public ulong ReadFixed64()
    {
        if (_end - _at < 8)
        {
            Fail();
            return 0;
        }

        _at += 8;
        return BinaryPrimitives.ReadUInt64LittleEndian(_bytes[(_at - 8)..]);
    }

    public ByteRange ReadBytes()
    {
        ulong length = (uint)ReadVarint();
        if (length > (ulong)(_end - _at))
        {
            Fail();
            return default;
        }

        ByteRange range = new(_at, (int)length);
        _at += (int)length;
        return range;
    }

    /// <summary>Goes into a nested message. <see cref="Leave"/> takes what this gives.</summary>
    public int Enter()
    {
        int end = _end;
        ByteRange message = ReadBytes();
        if (!HasFailed)
        {
            (_at, _end) = (message.Start, message.Start + message.Length);
        }

        return end;
    }

    /// <summary>Goes on behind a nested message that was read to its end.</summary>
    public void Leave(int end)
    {
        if (!HasFailed)
        {
            _end = end;
        }
    }

    /// <summary>Skips the value of a field that is not known.</summary>
    public void Skip(uint tag) => Skip(tag, depth: 0);

    private void Skip(uint tag, int depth)
    {
        switch (tag & 7)
        {
            case Varint:
                ReadVarint();
                break;
            case Fixed64:
                ReadFixed64();
                break;
            case Bytes:
                ReadBytes();
                break;
            case Fixed32 when _end - _at >= 4:
                _at += 4;
                break;
            case StartGroup when depth < MaxDepth:
                SkipGroup(tag >> 3, depth + 1);
                break;
            default:
                Fail();
                break;
        }
    }

    private void SkipGroup(uint number, int depth)
    {
        while (TryTag(out uint tag))
        {
            if ((tag & 7) == EndGroup)
            {
                if (tag >> 3 != number)
                {
                    Fail();
                }

                return;
            }

            Skip(tag, depth);
        }

        Fail(); // the group has no end
    }

    private void Fail()
    {
        HasFailed = true;
        _at = _end;
    }
}
