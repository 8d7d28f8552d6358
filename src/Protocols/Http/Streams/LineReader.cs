namespace ECapture.Protocols.Http.Streams;

/// <summary>Cuts a stream into lines (RFC 9112 section 2.2: CRLF, a lone LF is taken too), keeping the first bytes of each.</summary>
internal sealed class LineReader(int maxLine)
{
    private byte[] _bytes = new byte[128];
    private int _kept;

    /// <summary>Bytes of the line so far, kept or not.</summary>
    public long LineLength { get; private set; }

    /// <summary>Whether the end of the line that was returned last was not kept.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Takes a line or the rest of the bytes.</summary>
    /// <param name="bytes">What was taken is cut off.</param>
    /// <param name="line">Without its end; valid until the next call.</param>
    /// <returns>Whether a line is complete.</returns>
    public bool TryRead(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> line)
    {
        int end = bytes.IndexOf((byte)'\n');
        if (end < 0)
        {
            Keep(bytes);
            LineLength += bytes.Length;
            bytes = default;
            line = default;
            return false;
        }

        LineLength += end;
        if (_kept == 0)
        {
            line = bytes[..Math.Min(end, maxLine)];
        }
        else
        {
            Keep(bytes[..end]);
            line = _bytes.AsSpan(0, _kept);
        }

        IsCut = LineLength > maxLine;
        if (line is [.., (byte)'\r'])
        {
            line = line[..^1];
        }

        bytes = bytes[(end + 1)..];
        _kept = 0;
        LineLength = 0;
        return true;
    }

    public void Clear()
    {
        _kept = 0;
        LineLength = 0;
        IsCut = false;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        int more = Math.Min(bytes.Length, maxLine - _kept);
        if (_kept + more > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Min(maxLine, Math.Max(_bytes.Length * 2, _kept + more)));
        }

        bytes[..more].CopyTo(_bytes.AsSpan(_kept));
        _kept += more;
    }
}
