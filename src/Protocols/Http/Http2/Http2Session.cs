using ECapture.Protocols.Http.Streams;
using ECapture.Protocols.Http.WebSocket;

namespace ECapture.Protocols.Http.Http2;

/// <summary>The streams of one HTTP/2 connection (RFC 9113 section 5).</summary>
internal sealed class Http2Session
{
    private const int ClosedKept = 512;

    private readonly HttpConnection _connection;
    private readonly HttpLimits _limits;
    private readonly MemoryBudget _budget;
    private readonly Dictionary<int, Http2Stream> _streams = [];
    private readonly HashSet<int> _closed = [];
    private readonly Queue<int> _closedOrder = [];
    private readonly HpackDecoder[] _decoders;
    private readonly BlockFields _fields;

    /// <summary>Responses that have ended while their requests may still be found.</summary>
    private int _waiting;

    public Http2Session(HttpConnection connection, HttpLimits limits, MemoryBudget budget)
    {
        _connection = connection;
        _limits = limits;
        _budget = budget;
        _decoders = [new HpackDecoder(limits.MaxHeaderTableBytes), new HpackDecoder(limits.MaxHeaderTableBytes)];
        _fields = new BlockFields(limits, budget);
    }

    /// <summary>Stream 1 answers the request that asked for the upgrade.</summary>
    public void Adopt(HttpRequest request, HttpDirection direction)
    {
        Http2Stream stream = Stream(1)!;
        stream.Upgraded = request;
        stream[direction].Touch(request.StartedNs, request.StreamOffset);
        stream[direction].End();
    }

    /// <summary>A header block is complete, as far as it was captured.</summary>
    public void OnBlock(HttpSide side, HeaderBlock block, long ns)
    {
        _fields.Clear();
        HpackDecoder decoder = _decoders[(int)side.Direction];
        var problems = HttpProblems.None;
        if (!block.IsWhole)
        {
            decoder.Lose();
            problems = HttpProblems.HeadersUndecodable;
        }
        else if (!decoder.Decode(block.Bytes, _fields))
        {
            problems = HttpProblems.HeadersUndecodable;
        }

        bool isPromise = block.IsPromise;
        Learn(side, isPromise);
        int id = isPromise ? block.Promised : block.Stream;
        if (id == 0 || Stream(id) is not { } stream)
        {
            return;
        }

        // A promised request is sent by the server: it stands where the client's half would.
        HttpDirection direction = isPromise ? Other(side.Direction) : side.Direction;
        Http2Half half = stream[direction];
        if (!isPromise && _fields.Status is >= 100 and < 200 && !half.HasHead)
        {
            AddInterim(stream, block, ns);
            return;
        }

        half.Touch(block.StartedNs, block.Offset);
        half.Count(block.WireBytes, ns);
        half.Problems |= problems;

        bool isTrailer = half.HasHead || (half.HasData && !_fields.IsRequest && !_fields.IsResponse)
            || (block.EndsStream && !_fields.IsRequest && !_fields.IsResponse && (problems | _fields.Problems) == 0);
        if (stream.IsTunnel)
        {
            half.WebSocket?.End(ns);
        }
        else if (isTrailer)
        {
            half.SetTrailers(_fields);
        }
        else
        {
            half.SetHead(_fields);
        }

        if (isPromise)
        {
            stream.Exchange.IsPushed = true;
        }

        if (isPromise || block.EndsStream)
        {
            half.End();
        }

        if (half.IsRequest && !isPromise)
        {
            GiveUpBefore(id, side.Direction, ns);
        }

        Progress(stream, side, ns);
    }

    /// <summary>The end of a block will not come.</summary>
    public void OnBlockLost(HttpSide side, HeaderBlock block)
    {
        _decoders[(int)side.Direction].Lose();
        if (Stream(block.Stream) is { } stream)
        {
            stream[side.Direction].Problems |= HttpProblems.HeadersUndecodable | HttpProblems.Malformed;
        }
    }

    public void OnDataStart(HttpSide side, FrameHeader frame, long startNs, long offset) => Stream(frame.Stream)?[side.Direction].Touch(startNs, offset);

    public void OnData(HttpSide side, int id, ReadOnlySpan<byte> data, long ns)
    {
        if (Stream(id) is not { } stream)
        {
            return;
        }

        Http2Half half = stream[side.Direction];
        if (half.WebSocket is { } socket)
        {
            socket.Feed(data, ns);
        }
        else if (!half.IsEnded && !stream.IsTunnel)
        {
            half.AddData(data);
        }
    }

    public void OnDataGap(HttpSide side, int id, long length, long ns)
    {
        if (Stream(id) is { } stream)
        {
            stream[side.Direction].WebSocket?.Gap(length, ns);
            stream[side.Direction].AddGap(length);
        }
    }

    public void OnDataEnd(HttpSide side, FrameHeader frame, long ns)
    {
        if (Stream(frame.Stream) is not { } stream)
        {
            return;
        }

        Http2Half half = stream[side.Direction];
        half.Count(FrameHeader.Size + frame.Length, ns);
        if ((frame.Flags & FrameHeader.EndStream) != 0)
        {
            half.End();
            half.WebSocket?.End(ns);
            Progress(stream, side, ns);
        }
    }

    /// <summary>RFC 9113 section 6.4. NO_ERROR after a whole response only says that the rest of the request is not needed (section 8.1).</summary>
    public void OnReset(int id, uint code, long ns)
    {
        if (_streams.TryGetValue(id, out Http2Stream? stream))
        {
            stream.Exchange.ErrorCode = code;
            stream.Exchange.Problems |= code != 0 ? HttpProblems.Reset : 0;
            Deliver(stream, ns);
        }
    }

    /// <summary>RFC 9113 section 6.8: streams that the other side opened above the last one were not processed.</summary>
    public void OnGoAway(HttpSide side, int last, uint code, long ns)
    {
        if (_connection.ClientSide is not { } client)
        {
            return;
        }

        int parity = side == client ? 0 : 1;
        foreach (Http2Stream stream in _streams.Values.Where(s => s.Exchange.StreamId > last && s.Exchange.StreamId % 2 == parity).ToList())
        {
            stream.Exchange.ErrorCode = code;
            stream.Exchange.Problems |= HttpProblems.GoAway;
            Deliver(stream, ns);
        }
    }

    /// <summary>Frames of a direction may be lost.</summary>
    public void OnLost(HttpSide side, long ns)
    {
        _decoders[(int)side.Direction].Lose();
        foreach (Http2Stream stream in _streams.Values)
        {
            Http2Half half = stream[side.Direction];
            if (half.IsStarted && !half.IsEnded)
            {
                half.Problems |= HttpProblems.Gap;
                half.WebSocket?.Lose(ns);
            }
        }
    }

    /// <summary>The connection has closed.</summary>
    public void Close(long ns)
    {
        foreach (Http2Stream stream in _streams.Values.OrderBy(s => s.Exchange.StreamId).ToList())
        {
            Deliver(stream, ns);
        }
    }

    private static HttpDirection Other(HttpDirection direction) => direction == HttpDirection.Sent ? HttpDirection.Received : HttpDirection.Sent;

    private void Learn(HttpSide side, bool isPromise)
    {
        if (_fields.IsRequest || isPromise)
        {
            _connection.LearnClient(isPromise ? _connection.OtherSide(side) : side);
        }
        else if (_fields.IsResponse)
        {
            _connection.LearnClient(_connection.OtherSide(side));
        }
    }

    private Http2Stream? Stream(int id)
    {
        if (_streams.TryGetValue(id, out Http2Stream? stream))
        {
            return stream;
        }

        if (_closed.Contains(id))
        {
            return null;
        }

        if (_streams.Count >= _limits.MaxPendingExchanges)
        {
            Http2Stream oldest = _streams[_streams.Keys.Min()];
            oldest.Exchange.Problems |= HttpProblems.Evicted;
            Deliver(oldest, 0);
        }

        stream = new Http2Stream(id, _limits, _budget);
        _streams.Add(id, stream);
        return stream;
    }

    /// <summary>Clients count their streams up (RFC 9113 section 5.1.1): requests before this one were lost while its direction was searched.</summary>
    private void GiveUpBefore(int id, HttpDirection client, long ns)
    {
        if (_waiting > 0)
        {
            foreach (Http2Stream stream in _streams.Values.Where(s => s.Exchange.StreamId < id && s[Other(client)].IsEnded && !s[client].IsStarted).ToList())
            {
                Deliver(stream, ns);
            }

            _waiting = 0;
        }
    }

    private void AddInterim(Http2Stream stream, HeaderBlock block, long ns)
    {
        HttpHeaders headers = _fields.Build(out int charged);
        var response = new HttpResponse
        {
            Status = _fields.Status,
            Protocol = HttpProtocol.Http2,
            Headers = headers,
            StartedNs = block.StartedNs,
            EndedNs = ns,
            StreamOffset = block.Offset,
            WireBytes = block.WireBytes,
            Problems = _fields.Problems,
            IsEnded = true,
            IsDone = true,
            Charged = charged,
        };
        if (!stream.Exchange.TryAddInterim(response))
        {
            _connection.Discard(response);
        }
    }

    private void Progress(Http2Stream stream, HttpSide side, long ns)
    {
        if (stream.IsTunnel)
        {
            if (stream[HttpDirection.Sent].IsEnded && stream[HttpDirection.Received].IsEnded)
            {
                Deliver(stream, ns);
            }

            return;
        }

        if (_connection.ClientSide is not { } client)
        {
            return;
        }

        Http2Half request = stream[client.Direction];
        Http2Half response = stream[Other(client.Direction)];
        if (response.Status is >= 200 and < 300 && !response.IsEnded && request.Protocol.AsSpan().SequenceEqual("websocket"u8))
        {
            stream.Exchange.Upgrade = HttpUpgrade.WebSocket;
            BecomeWebSocket(stream, request, response, client.Direction);
        }
        else if (response.IsEnded && (request.IsEnded || (!request.IsStarted && client.Handler is Http2Reader)))
        {
            Deliver(stream, ns);
        }
        else if (response.IsEnded && !request.IsStarted)
        {
            _waiting++;
        }
    }

    private void BecomeWebSocket(Http2Stream stream, Http2Half request, Http2Half response, HttpDirection client)
    {
        Hand(stream);
        var deflate = PerMessageDeflate.Of(stream.Exchange.Response!.Headers);
        request.WebSocket = _connection.NewWebSocket(stream.Exchange.StreamId, client, isClient: true, deflate);
        response.WebSocket = _connection.NewWebSocket(stream.Exchange.StreamId, Other(client), isClient: false, deflate);
        stream.IsTunnel = true;
    }

    /// <summary>Ends a stream; late frames of it are ignored from now on.</summary>
    private void Deliver(Http2Stream stream, long ns)
    {
        int id = (int)stream.Exchange.StreamId;
        _streams.Remove(id);
        if (_closed.Add(id))
        {
            _closedOrder.Enqueue(id);
            if (_closedOrder.Count > ClosedKept)
            {
                _closed.Remove(_closedOrder.Dequeue());
            }
        }

        if (stream.IsTunnel)
        {
            stream[HttpDirection.Sent].WebSocket?.End(ns);
            stream[HttpDirection.Received].WebSocket?.End(ns);
        }
        else
        {
            Hand(stream);
        }
    }

    private void Hand(Http2Stream stream)
    {
        Http2Half sent = stream[HttpDirection.Sent];
        Http2Half received = stream[HttpDirection.Received];

        // Only a stream whose fields were all lost is left to its shape: what stands alone at the start of a capture is the rest of a response.
        bool sentIsRequest = _connection.ClientSide is { } client ? client.Direction == HttpDirection.Sent : received.IsStarted;
        Http2Half request = sentIsRequest ? sent : received;
        Http2Half response = sentIsRequest ? received : sent;
        HttpExchange exchange = stream.Exchange;
        bool isTunnel = exchange.Upgrade == HttpUpgrade.WebSocket;
        exchange.Request = request.IsStarted ? request.ToRequest() : null;
        exchange.Response = response.IsStarted ? response.ToResponse(!request.Method.AsSpan().SequenceEqual("HEAD"u8)) : null;
        if (stream.Upgraded is { } upgraded)
        {
            _connection.Discard(exchange.Request!); // the request went by as HTTP/1, nothing may follow it here
            exchange.Request = upgraded;
        }

        if (isTunnel)
        {
            exchange.Request!.IsEnded = true; // what follows is another protocol
            exchange.Response!.IsEnded = true;
        }

        _connection.Deliver(exchange);
    }
}
