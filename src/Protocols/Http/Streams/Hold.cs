namespace ECapture.Protocols.Http.Streams;

/// <summary>
/// Keeps what a client sent behind a request that may change the protocol until the response says what it is (RFC 9110 section 7.8). Beyond 16 KiB
/// the next parser reads on at once.
/// </summary>
internal sealed class Hold(HttpSide side, StreamHandler next) : StreamHandler
{
    private readonly TimedBuffer _buffer = new(16 * 1024);

    public override int Feed(ReadOnlySpan<byte> bytes, long offset, long ns)
    {
        int taken = _buffer.Append(bytes, offset, ns);
        if (_buffer.IsFull)
        {
            Release();
        }

        return taken;
    }

    public override void Gap(long length, long ns) => ReleaseAnd(h => h.Gap(length, ns));

    public override void End(long ns) => ReleaseAnd(h => h.End(ns));

    /// <summary>The protocol did not change.</summary>
    public void Release() => ReleaseTo(next);

    /// <summary>The protocol changed.</summary>
    public void ReleaseTo(StreamHandler handler)
    {
        side.Handler = handler;
        side.Unread(_buffer.Take(0));
    }

    private void ReleaseAnd(Action<StreamHandler> then)
    {
        Release();
        side.Pump();
        then(side.Handler);
    }
}
