using ECapture.Protocols.Http.Http1;
using ECapture.Protocols.Http.Http2;

namespace ECapture.Protocols.Http.Streams;

/// <summary>
/// Looks for the start of a message in the middle of a direction: a start line of HTTP/1 that goes to the end of its line, or an HTTP/2 frame header with
/// another one right behind its frame. What it finds depends on the bytes alone, not on how they are cut into pieces.
/// </summary>
internal sealed class Searcher(HttpSide side, HttpLimits limits) : StreamHandler
{
    private const int Window = 64 * 1024;
    private const int MaxCandidates = 16;

    private readonly TimedBuffer _buffer = new(Window);
    private readonly List<(int Start, int Next)> _frames = [];
    private int _scanned;
    private int _lineStart;
    private long _searched;

    public override int Feed(ReadOnlySpan<byte> bytes, long offset, long ns)
    {
        int taken = _buffer.Append(bytes, offset, ns);
        SearchKinds wanted = side.Wanted;
        ReadOnlySpan<byte> window = _buffer.Bytes;
        for (; _scanned < window.Length; _scanned++)
        {
            (SearchKinds found, int at) = Look(window[..(_scanned + 1)], wanted);
            if (found != SearchKinds.None)
            {
                Found(found, at);
                return taken;
            }

            if (++_searched > limits.MaxSearchBytes && side.IsUnknown)
            {
                side.Handler = Opaque.Instance;
                return taken;
            }
        }

        if (_buffer.IsFull)
        {
            Slide(Window / 2);
        }

        return taken;
    }

    public override void Gap(long length, long ns)
    {
        _buffer.Clear();
        _frames.Clear();
        _scanned = 0;
        _lineStart = 0;
    }

    /// <summary>At the end a frame that ends exactly here counts, although no other follows.</summary>
    public override void End(long ns)
    {
        foreach ((int start, int next) in _frames)
        {
            if (next == _buffer.Length)
            {
                Found(SearchKinds.Http2, start);
                side.Pump();
                side.Handler.End(ns);
                return;
            }
        }
    }

    private void Found(SearchKinds kind, int at)
    {
        List<TimedBuffer.Piece> pieces = _buffer.Take(at);
        side.Begin(kind, isTentative: true);
        side.Unread(pieces);
    }

    private (SearchKinds Found, int At) Look(ReadOnlySpan<byte> seen, SearchKinds wanted)
    {
        if (seen[^1] == (byte)'\n')
        {
            int start = Math.Max(_lineStart, seen.Length - 1 - limits.MaxLineBytes);
            ReadOnlySpan<byte> line = seen[start..^1];
            _lineStart = seen.Length;
            int at = (wanted & SearchKinds.Request) != 0 ? StartLine.FindRequest(line) : -1;
            if (at >= 0)
            {
                return (SearchKinds.Request, start + at);
            }

            at = (wanted & SearchKinds.Response) != 0 ? StartLine.FindResponse(line) : -1;
            if (at >= 0)
            {
                return (SearchKinds.Response, start + at);
            }
        }

        return (wanted & SearchKinds.Http2) != 0 && seen.Length >= FrameHeader.Size ? LookForFrames(seen) : default;
    }

    private (SearchKinds Found, int At) LookForFrames(ReadOnlySpan<byte> seen)
    {
        int header = seen.Length - FrameHeader.Size;
        if (seen[header] != 0)
        {
            return default;
        }

        FrameHeader read = FrameHeader.Read(seen[header..]);
        bool plausible = read.IsPlausible;
        for (int i = 0; i < _frames.Count;)
        {
            if (_frames[i].Next > header)
            {
                i++;
            }
            else if (_frames[i].Next == header && plausible)
            {
                return (SearchKinds.Http2, _frames[i].Start);
            }
            else
            {
                _frames.RemoveAt(i);
            }
        }

        if (plausible && _frames.Count < MaxCandidates)
        {
            _frames.Add((header, header + FrameHeader.Size + read.Length));
        }

        return default;
    }

    private void Slide(int count)
    {
        _buffer.Drop(count);
        _scanned -= count;
        _lineStart = Math.Max(0, _lineStart - count);
        _frames.RemoveAll(f => f.Start < count);
        for (int i = 0; i < _frames.Count; i++)
        {
            _frames[i] = (_frames[i].Start - count, _frames[i].Next - count);
        }
    }
}
