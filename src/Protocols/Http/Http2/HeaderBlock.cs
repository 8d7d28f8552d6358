using System.Buffers.Binary;

namespace ECapture.Protocols.Http.Http2;

/// <summary>The fragments of one header block: HEADERS or PUSH_PROMISE and its CONTINUATIONs (RFC 9113 section 4.3).</summary>
internal sealed class HeaderBlock(HttpLimits limits)
{
    private readonly GrowingBuffer _fragments = new(limits.MaxHeaderBytes);
    private FrameHeader _frame;
    private bool _damaged;

    public bool IsOpen { get; private set; }

    public int Stream => _frame.Stream;

    public bool IsPromise => _frame.Type == FrameType.PushPromise;

    /// <summary>The stream a PUSH_PROMISE announces; otherwise 0.</summary>
    public int Promised { get; private set; }

    public bool EndsStream => _frame.Type == FrameType.Headers && (_frame.Flags & FrameHeader.EndStream) != 0;

    /// <summary>Whether every byte is here.</summary>
    public bool IsWhole => !_damaged && !_fragments.IsCut;

    public ReadOnlySpan<byte> Bytes => _fragments.Bytes;

    public long WireBytes { get; private set; }

    public long StartedNs { get; private set; }

    public long Offset { get; private set; }

    public void Open(FrameHeader frame, long ns, long offset)
    {
        Clear();
        _frame = frame;
        IsOpen = true;
        StartedNs = ns;
        Offset = offset;
    }

    /// <summary>Cuts padding, priority and promised stream from a first fragment (sections 6.2 and 6.6).</summary>
    /// <returns>False when they do not fit.</returns>
    public bool TryStrip(ref ReadOnlySpan<byte> payload)
    {
        int padding = 0;
        if ((_frame.Flags & FrameHeader.Padded) != 0)
        {
            if (payload.IsEmpty)
            {
                return false;
            }

            padding = payload[0];
            payload = payload[1..];
        }

        int prefix = _frame.Type == FrameType.PushPromise ? 4 : (_frame.Flags & FrameHeader.Priority) != 0 ? 5 : 0;
        if (prefix + padding > payload.Length)
        {
            return false;
        }

        if (_frame.Type == FrameType.PushPromise)
        {
            Promised = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
        }

        payload = payload[prefix..^padding];
        return true;
    }

    public void Add(ReadOnlySpan<byte> fragment, bool isWhole, int wireBytes)
    {
        _fragments.Add(fragment);
        _damaged |= !isWhole;
        WireBytes += wireBytes;
    }

    public void Clear()
    {
        _fragments.Clear();
        _damaged = false;
        IsOpen = false;
        Promised = 0;
        WireBytes = 0;
    }
}
