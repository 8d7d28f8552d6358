using ECapture.Protocols.Http.WebSocket;

namespace ECapture.Protocols.Http.Http2;

/// <summary>One direction of a stream (RFC 9113 section 5.1): a request or a response, which of them may be known late.</summary>
internal sealed class Http2Half(HttpLimits limits, MemoryBudget budget)
{
    private readonly BodyCollector _body = new(limits, budget);
    private HttpHeaders _headers = HttpHeaders.Empty;
    private HttpHeaders _trailers = HttpHeaders.Empty;
    private int _charged;
    private byte[] _scheme = [];
    private byte[] _authority = [];
    private int _status;
    private long _startedNs;
    private long _endedNs;
    private long _offset;
    private long _wireBytes;

    public bool IsStarted { get; private set; }

    public bool HasHead { get; private set; }

    public bool IsEnded { get; private set; }

    public bool HasData { get; private set; }

    public HttpProblems Problems { get; set; }

    public byte[] Method { get; private set; } = [];

    public byte[] Path { get; private set; } = [];

    public byte[] Protocol { get; private set; } = [];

    /// <summary>Reads DATA when the stream became a WebSocket (RFC 8441).</summary>
    public WebSocketReader? WebSocket { get; set; }

    public bool IsRequest => Method.Length > 0 || Path.Length > 0;

    public int Status => _status;

    public void Touch(long startNs, long offset)
    {
        if (!IsStarted)
        {
            IsStarted = true;
            _startedNs = startNs;
            _offset = offset;
        }
    }

    public void Count(long wireBytes, long ns)
    {
        _wireBytes += wireBytes;
        _endedNs = ns;
    }

    public void SetHead(BlockFields fields)
    {
        HasHead = true;
        _headers = fields.Build(out int charged);
        Method = fields.Method ?? [];
        Path = fields.Path ?? [];
        Protocol = fields.Protocol ?? [];
        _scheme = fields.Scheme ?? [];
        _authority = fields.Authority ?? [];
        _status = fields.Status;
        int pseudo = Method.Length + Path.Length + Protocol.Length + _scheme.Length + _authority.Length;
        if (budget.TryTake(pseudo))
        {
            charged += pseudo;
        }
        else
        {
            Path = Protocol = _scheme = _authority = [];
            Problems |= HttpProblems.HeadersCut;
        }

        _charged += charged;
        Problems |= fields.Problems;
    }

    public void SetTrailers(BlockFields fields)
    {
        HttpHeaders built = fields.Build(out int charged);
        _charged += charged;
        Problems |= fields.Problems;
        if (_trailers.Count == 0)
        {
            _trailers = built;
        }
    }

    public void AddData(ReadOnlySpan<byte> data)
    {
        HasData = true;
        _body.Add(data);
    }

    public void AddGap(long length)
    {
        HasData = true;
        Problems |= HttpProblems.Gap;
        _body.Gap(length);
    }

    public void End() => IsEnded = true;

    public HttpRequest ToRequest()
    {
        var request = new HttpRequest { Method = Method, Target = Path, Scheme = _scheme, Authority = _authority, ConnectProtocol = Protocol };
        if (_authority.Length == 0 && _headers.TryGet("host"u8, out ReadOnlyMemory<byte> host))
        {
            request.Authority = host;
        }

        Fill(request, bodyExpected: true);
        return request;
    }

    public HttpResponse ToResponse(bool bodyExpected)
    {
        var response = new HttpResponse { Status = _status };
        Fill(response, bodyExpected && _status is not (204 or 304));
        return response;
    }

    private void Fill(HttpMessage message, bool bodyExpected)
    {
        long length = _body.Length;
        message.Protocol = HttpProtocol.Http2;
        message.Headers = _headers;
        message.Trailers = _trailers;
        message.StartedNs = _startedNs;
        message.EndedNs = _endedNs;
        message.StreamOffset = _offset;
        message.WireBytes = _wireBytes;
        message.Problems = Problems | (HasHead ? 0 : HttpProblems.StartMissing);
        message.IsEnded = IsEnded;
        message.IsDone = true;
        message.Charged = _charged;
        _body.MoveTo(message);
        if (IsEnded && bodyExpected && (message.Problems & HttpProblems.Gap) == 0 && _headers.TryGet("content-length"u8, out ReadOnlyMemory<byte> text))
        {
            bool same = HttpSyntax.TryParseLength(text.Span, out long announced) && announced == length;
            message.Problems |= same ? 0 : HttpProblems.LengthMismatch;
        }
    }
}
