using System.Buffers;
using System.Globalization;
using ECapture.Protocols.Http.Streams;

namespace ECapture.Protocols.Http.Http1;

/// <summary>Reads the messages of one direction of an HTTP/1 connection (RFC 9112), one after the other.</summary>
internal sealed class Http1Parser(HttpSide side, Http1Pairing pairing, bool isRequest, HttpLimits limits, MemoryBudget budget) : StreamHandler
{
    private static readonly SearchValues<byte> s_hex = SearchValues.Create("0123456789abcdefABCDEF"u8);

    private readonly LineReader _lines = new(limits.MaxLineBytes);
    private readonly HttpHeadersBuilder _headers = new(limits, budget);
    private readonly BodyCollector _body = new(limits, budget);
    private State _state = State.Start;
    private HttpMessage? _message;
    private long _remaining;
    private long _startNs;
    private long _startOffset;
    private long _wireBytes;
    private long _now;
    private bool _fieldSeen;
    private bool _yield;

    private enum State
    {
        Start,
        Fields,
        Length,
        ChunkSize,
        ChunkData,
        ChunkEnd,
        Trailers,
        UntilClose,
    }

    public bool IsRequest => isRequest;

    /// <summary>Whether the next message was found by a search: when its first field is none, the find was a mistake.</summary>
    public bool IsTentative { get; init; }

    public override int Feed(ReadOnlySpan<byte> bytes, long offset, long ns)
    {
        _now = ns;
        _yield = false;
        ReadOnlySpan<byte> rest = bytes;
        while (!rest.IsEmpty && side.Handler == this && !_yield)
        {
            if (_state == State.Start && _lines.LineLength == 0)
            {
                _startNs = ns;
                _startOffset = offset + bytes.Length - rest.Length;
                _wireBytes = 0;
            }

            int before = rest.Length;
            if (_state is State.Length or State.ChunkData or State.UntilClose)
            {
                int part = _state == State.UntilClose ? rest.Length : (int)Math.Min(rest.Length, _remaining);
                _body.Add(rest[..part]);
                rest = rest[part..];
                _wireBytes += part;
                _remaining -= part;
                BodyAdvanced();
            }
            else if (_lines.TryRead(ref rest, out ReadOnlySpan<byte> line))
            {
                _wireBytes += before - rest.Length;
                OnLine(line);
            }
            else
            {
                _wireBytes += before - rest.Length;
            }
        }

        return bytes.Length - rest.Length;
    }

    public override void Gap(long length, long ns)
    {
        _now = ns;
        if (_state == State.UntilClose)
        {
            _body.Gap(length);
            _wireBytes += length;
            return;
        }

        if (_state is State.Length or State.ChunkData)
        {
            long part = Math.Min(length, _remaining);
            _body.Gap(part);
            _wireBytes += part;
            _remaining -= part;
            length -= part;
            if (length == 0 || _state == State.Length)
            {
                BodyAdvanced();
            }
        }

        if (length > 0)
        {
            Lost(HttpProblems.Gap);
        }
    }

    public override void End(long ns)
    {
        _now = ns;
        if (_state == State.UntilClose)
        {
            Done(isEnded: true);
        }
        else
        {
            GiveUp(HttpProblems.None);
        }
    }

    /// <summary>Another protocol takes over: what was begun does not end.</summary>
    public void Abandon() => GiveUp(HttpProblems.None);

    /// <summary>Ends the message that is being read, if any, without its end.</summary>
    private void GiveUp(HttpProblems why)
    {
        if (_state == State.Fields)
        {
            FinishHead(why | HttpProblems.Unfinished);
        }

        if (_message is { } message)
        {
            message.Problems |= message.IsDelivered ? 0 : why | HttpProblems.Unfinished;
            Done(isEnded: false);
        }

        _state = State.Start;
        _lines.Clear();
    }

    /// <summary>The place in the stream is lost: searched for from here.</summary>
    private void Lost(HttpProblems why)
    {
        GiveUp(why);
        if (side.Handler == this)
        {
            side.Search();
            pairing.Lost(isRequest);
        }
    }

    private void OnLine(ReadOnlySpan<byte> line)
    {
        switch (_state)
        {
            case State.Start when line.IsEmpty:
                break; // RFC 9112 section 2.2: empty lines before a start line are ignored
            case State.Start:
                OnStartLine(line);
                break;
            case State.Fields:
                OnFieldLine(line);
                break;
            case State.ChunkSize:
                OnChunkSize(line);
                break;
            case State.ChunkEnd when line.IsEmpty:
                _state = State.ChunkSize;
                break;
            case State.ChunkEnd:
                Lost(HttpProblems.Malformed);
                break;
            case State.Trailers:
                OnTrailerLine(line);
                break;
        }
    }

    private void OnStartLine(ReadOnlySpan<byte> line)
    {
        if (isRequest)
        {
            if (StartLine.TryRequest(line, _lines.IsCut, out ReadOnlySpan<byte> method, out ReadOnlySpan<byte> target, out HttpProtocol version))
            {
                _message = new HttpRequest { Method = method.ToArray(), Target = target.ToArray(), Protocol = version };
                int charge = method.Length + target.Length;
                if (!budget.TryTake(charge))
                {
                    _message = new HttpRequest { Method = method.ToArray(), Protocol = version, Problems = HttpProblems.HeadersCut };
                    charge = 0;
                }

                _message.Charged = charge;
            }
            else if (StartLine.IsPreface(line))
            {
                side.Http2Preface();
                return;
            }
        }
        else if (StartLine.TryResponse(line, out HttpProtocol version, out int status, out ReadOnlySpan<byte> reason))
        {
            _message = new HttpResponse { Status = status, Reason = reason[..Math.Min(reason.Length, 256)].ToArray(), Protocol = version };
        }

        if (_message is null)
        {
            Lost(HttpProblems.Malformed);
            return;
        }

        _message.StartedNs = _startNs;
        _message.StreamOffset = _startOffset;
        _message.Problems |= _lines.IsCut ? HttpProblems.HeadersCut : 0;
        _headers.Clear();
        _state = State.Fields;
    }

    private void OnFieldLine(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
        {
            FinishHead(HttpProblems.None);
            return;
        }

        if (!TryField(line) && IsTentative && !_fieldSeen)
        {
            budget.Return(_message!.Charged);
            _message = null;
            _state = State.Start;
            Lost(HttpProblems.Malformed);
            return;
        }

        _fieldSeen = true;
    }

    private bool TryField(ReadOnlySpan<byte> line)
    {
        HttpMessage message = _message!;
        message.Problems |= _lines.IsCut ? HttpProblems.HeadersCut : 0;
        if (line[0] is (byte)' ' or (byte)'\t')
        {
            bool folded = _headers.Fold(HttpSyntax.Trim(line));
            message.Problems |= folded ? 0 : HttpProblems.Malformed;
            return folded;
        }

        int colon = line.IndexOf((byte)':');
        ReadOnlySpan<byte> name = colon < 0 ? line : line[..colon];
        ReadOnlySpan<byte> trimmed = name.TrimEnd(" \t"u8);
        bool good = colon > 0 && trimmed.Length == name.Length && HttpSyntax.IsToken(name);
        message.Problems |= good ? 0 : HttpProblems.Malformed;
        _headers.OnHeader(trimmed, colon < 0 ? default : HttpSyntax.Trim(line[(colon + 1)..]), good ? 0 : HttpHeaderFlags.Malformed);
        return colon > 0 && HttpSyntax.IsToken(trimmed);
    }

    private void FinishHead(HttpProblems problems)
    {
        HttpMessage message = _message!;
        message.Headers = _headers.Build(out int charged);
        HttpHeaders all = message.Headers.Count == _headers.Count ? message.Headers : _headers.Peek();
        message.Charged += charged;
        message.Problems |= problems | (_headers.IsCut ? HttpProblems.HeadersCut : 0);
        message.WireBytes = _wireBytes;
        message.EndedNs = _now;
        ResponsePlan plan = ResponsePlan.Body;
        if (message is HttpRequest request)
        {
            request.Authority = request.Headers.TryGet("host"u8, out ReadOnlyMemory<byte> host) ? host : default;
            pairing.OnRequest(request);
        }
        else
        {
            plan = pairing.OnResponse((HttpResponse)message);
            _yield = true; // requests that waited for this head are read before what follows it
        }

        _state = State.Start; // where nothing follows the head
        if (problems != HttpProblems.None)
        {
            return;
        }

        var framing = BodyFraming.Of(all, !isRequest);
        message.Problems |= framing.Problems;
        if (plan != ResponsePlan.Body || framing.Kind == FramingKind.None)
        {
            Done(isEnded: true);
            return;
        }

        _remaining = framing.Length;
        _state = framing.Kind switch
        {
            FramingKind.Length => State.Length,
            FramingKind.Chunked => State.ChunkSize,
            _ => State.UntilClose,
        };
    }

    private void BodyAdvanced()
    {
        if (_remaining == 0 && _state == State.Length)
        {
            Done(isEnded: true);
        }
        else if (_remaining == 0 && _state == State.ChunkData)
        {
            _state = State.ChunkEnd;
        }
    }

    /// <summary>RFC 9112 section 7.1: size in hexadecimal, then extensions, which are ignored.</summary>
    private void OnChunkSize(ReadOnlySpan<byte> line)
    {
        int digits = line.IndexOfAnyExcept(s_hex);
        ReadOnlySpan<byte> size = digits < 0 ? line : line[..digits];
        bool endsWell = digits < 0 || line[digits] is (byte)';' or (byte)' ' or (byte)'\t';
        if (!endsWell || size.Length is 0 or > 15
            || !long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _remaining))
        {
            Lost(HttpProblems.Malformed);
            return;
        }

        _state = _remaining == 0 ? State.Trailers : State.ChunkData;
        _headers.Clear();
    }

    private void OnTrailerLine(ReadOnlySpan<byte> line)
    {
        if (!line.IsEmpty)
        {
            TryField(line);
            return;
        }

        if (!_message!.IsDelivered)
        {
            _message.Trailers = _headers.Build(out int charged);
            _message.Charged += charged;
            _message.Problems |= _headers.IsCut ? HttpProblems.HeadersCut : 0;
        }

        Done(isEnded: true);
    }

    private void Done(bool isEnded)
    {
        HttpMessage message = _message!;
        _message = null;
        _state = State.Start;
        _body.MoveTo(message);
        if (message.IsDelivered)
        {
            return; // given up before: it belongs to the sink
        }

        message.EndedNs = _now;
        message.WireBytes = _wireBytes;
        message.IsEnded = isEnded;
        message.IsDone = true;
        if (message is HttpRequest request)
        {
            if (pairing.OnRequestDone(request) && isEnded)
            {
                side.Hold(this);
            }
        }
        else
        {
            pairing.OnResponseDone((HttpResponse)message);
        }
    }
}
