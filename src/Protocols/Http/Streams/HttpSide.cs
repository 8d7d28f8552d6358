using ECapture.Protocols.Http.Http1;

namespace ECapture.Protocols.Http.Streams;

/// <summary>One direction of a connection: who reads it now, and what is to be read again.</summary>
internal sealed class HttpSide : IByteStreamSink
{
    private readonly List<TimedBuffer.Piece> _unread = [];
    private readonly HttpConnection _connection;
    private bool _pumping;

    public HttpSide(HttpConnection connection, HttpDirection direction, HttpLimits limits)
    {
        _connection = connection;
        Direction = direction;
        Handler = connection.StartsInMiddle ? new Searcher(this, limits) : new Detector(this, limits);
    }

    public HttpDirection Direction { get; }

    public StreamHandler Handler { get; set; }

    public SearchKinds Wanted => _connection.WantedOf(this);

    public bool IsUnknown => _connection.Protocol == HttpProtocol.Unknown;

    public void OnBytes(long offset, ReadOnlySpan<byte> bytes, long ns)
    {
        while (!bytes.IsEmpty)
        {
            int taken = Handler.Feed(bytes, offset, ns);
            bytes = bytes[taken..];
            offset += taken;
            Pump();
            _connection.OtherSide(this).Pump();
        }
    }

    public void OnGap(long offset, long length, long ns)
    {
        if (offset == 0)
        {
            _connection.StartsInMiddle = true;
        }

        Handler.Gap(length, ns);
        Pump();
        _connection.OtherSide(this).Pump();
    }

    public void OnEnd(long ns)
    {
        Handler.End(ns);
        Pump();
    }

    /// <summary>Puts pieces before everything that is still to be read.</summary>
    public void Unread(List<TimedBuffer.Piece> pieces)
    {
        for (int i = pieces.Count - 1; i >= 0; i--)
        {
            _unread.Add(pieces[i]);
        }
    }

    /// <summary>Reads what was put back. Never nested: a handler that puts back while it reads is served by the same loop.</summary>
    public void Pump()
    {
        if (_pumping)
        {
            return;
        }

        _pumping = true;
        while (_unread.Count > 0)
        {
            int top = _unread.Count - 1;
            TimedBuffer.Piece piece = _unread[top];
            _unread.RemoveAt(top);
            int taken = Handler.Feed(piece.Bytes.Span, piece.Offset, piece.Ns);
            if (taken < piece.Bytes.Length)
            {
                // What was put back meanwhile comes first.
                _unread.Insert(top, piece with { Bytes = piece.Bytes[taken..], Offset = piece.Offset + taken });
            }

            _connection.OtherSide(this).Pump();
        }

        _pumping = false;
    }

    /// <summary>Something was recognised, or nothing that is known.</summary>
    public void Begin(SearchKinds kind, bool isTentative) => _connection.Begin(this, kind, isTentative);

    /// <summary>Looks for the next start of a message.</summary>
    public void Search() => Handler = _connection.NewSearcher(this);

    /// <summary>Keeps what follows until the response says what it is.</summary>
    public void Hold(Http1Parser next) => Handler = new Hold(this, next);

    /// <summary>The rest of the HTTP/2 preface follows.</summary>
    public void Http2Preface() => _connection.OnPreface(this);
}
