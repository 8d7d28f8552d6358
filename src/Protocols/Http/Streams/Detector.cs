using ECapture.Protocols.Http.Http1;

namespace ECapture.Protocols.Http.Streams;

/// <summary>Finds out by the first bytes of a direction what it speaks.</summary>
internal sealed class Detector(HttpSide side, HttpLimits limits) : StreamHandler
{
    private readonly TimedBuffer _buffer = new(limits.MaxLineBytes + 2);

    public override int Feed(ReadOnlySpan<byte> bytes, long offset, long ns)
    {
        int before = _buffer.Length;
        int taken = _buffer.Append(bytes, offset, ns);
        SearchKinds? found = Classify(_buffer.Bytes, before);
        if (found is { } kind)
        {
            List<TimedBuffer.Piece> pieces = _buffer.Take(0);
            side.Begin(kind, isTentative: false);
            side.Unread(pieces);
        }

        return taken;
    }

    public override void Gap(long length, long ns)
    {
        side.Search();
    }

    public override void End(long ns)
    {
        // Too little to say anything.
    }

    /// <returns>Null while more bytes are needed, None when it is nothing known.</returns>
    private SearchKinds? Classify(ReadOnlySpan<byte> bytes, int scanned)
    {
        int start = bytes.IndexOfAnyExcept("\r\n"u8);
        if (start < 0)
        {
            return _buffer.IsFull ? SearchKinds.None : null;
        }

        ReadOnlySpan<byte> text = bytes[start..];
        if (text[0] == 0)
        {
            return text.Length < Http2.FrameHeader.Size ? null
                : Http2.FrameHeader.Read(text) is { Type: Http2.FrameType.Settings, IsPlausible: true } ? SearchKinds.Settings
                : SearchKinds.None;
        }

        ReadOnlySpan<byte> status = "HTTP/1."u8;
        if (text[..Math.Min(text.Length, status.Length)].SequenceEqual(status[..Math.Min(text.Length, status.Length)]))
        {
            return text.Length < status.Length ? null : SearchKinds.Response;
        }

        scanned = Math.Max(scanned, start);
        int end = bytes[scanned..].IndexOf((byte)'\n');
        if (end < 0 && !_buffer.IsFull)
        {
            int space = text.IndexOf((byte)' ');
            bool canBe = space < 0 ? text.Length <= 32 && HttpSyntax.IsToken(text) : HttpSyntax.IsToken(text[..space]);
            return canBe ? null : SearchKinds.None;
        }

        ReadOnlySpan<byte> line = end < 0 ? text : bytes[start..(scanned + end)];
        line = line.TrimEnd("\r"u8);
        if (StartLine.IsPreface(line))
        {
            return SearchKinds.Preface;
        }

        return StartLine.TryRequest(line, end < 0, out _, out _, out _) ? SearchKinds.Request : SearchKinds.None;
    }
}
