using System.Buffers.Binary;

namespace ECapture.Protocols.Http.WebSocket;

/// <summary>
/// Reads the frames of one direction of a WebSocket (RFC 6455 section 5.2). A gap within a payload costs that message; a gap that swallows a frame header
/// ends the reading, because a frame header of two bytes cannot be told from payload.
/// </summary>
internal sealed class WebSocketReader : IDisposable
{
    private const int MaxControl = 125;

    private readonly IHttpSink _sink;
    private readonly HttpLimits _limits;
    private readonly long _streamId;
    private readonly HttpDirection _direction;
    private readonly bool _isClient;
    private readonly bool _mayCompress;
    private readonly MessageInflater _inflater;
    private readonly BodyCollector _data;
    private readonly MemoryBudget _budget;
    private readonly byte[] _head = new byte[14];
    private readonly byte[] _control = new byte[MaxControl];
    private int _have;
    private bool _inPayload;
    private long _length;
    private long _read;
    private long _frameStartNs;
    private bool _lost;
    private bool _open;
    private WebSocketOpcode _opcode;
    private bool _compressed;
    private long _startNs;
    private long _wireBytes;
    private int _frames;
    private HttpProblems _problems;
    private HttpProblems _controlProblems;

    public WebSocketReader(
        IHttpSink sink, HttpLimits limits, MemoryBudget budget, long streamId, HttpDirection direction, bool isClient, PerMessageDeflate deflate)
    {
        _sink = sink;
        _limits = limits;
        _budget = budget;
        _streamId = streamId;
        _direction = direction;
        _isClient = isClient;
        _mayCompress = deflate.IsAgreed;
        _inflater = new MessageInflater(isClient ? deflate.ClientKeepsContext : deflate.ServerKeepsContext, limits.MaxDecodedBytes);
        _data = new BodyCollector(limits, budget);
    }

    private bool IsFinal => (_head[0] & 0x80) != 0;

    private bool IsMasked => (_head[1] & 0x80) != 0;

    private WebSocketOpcode FrameOpcode => (WebSocketOpcode)(_head[0] & 0x0f);

    private bool IsControl => (_head[0] & 0x08) != 0;

    public void Feed(ReadOnlySpan<byte> bytes, long ns)
    {
        while (!bytes.IsEmpty && !_lost)
        {
            if (!_inPayload)
            {
                if (_have == 0)
                {
                    _frameStartNs = ns;
                }

                _head[_have++] = bytes[0];
                bytes = bytes[1..];
                if (_have >= 2 && _have == HeadLength())
                {
                    OnHead(ns);
                }
            }
            else
            {
                int part = (int)Math.Min(bytes.Length, _length - _read);
                OnPayload(bytes[..part]);
                bytes = bytes[part..];
                _read += part;
            }

            if (_inPayload && _read == _length)
            {
                OnFrameEnd(ns);
            }
        }
    }

    public void Gap(long length, long ns)
    {
        if (_lost)
        {
            return;
        }

        if (!_inPayload || length > _length - _read)
        {
            Lose(ns);
            return;
        }

        _read += length;
        if (IsControl)
        {
            _controlProblems |= HttpProblems.Gap;
        }
        else
        {
            _data.Gap(length);
        }

        if (_read == _length)
        {
            OnFrameEnd(ns);
        }
    }

    /// <summary>The place in the stream is lost.</summary>
    public void Lose(long ns)
    {
        _lost = true;
        if (_open)
        {
            _problems |= HttpProblems.Gap | HttpProblems.Unfinished;
            Finish(ns);
        }

        Dispose();
    }

    public void End(long ns)
    {
        if (_open)
        {
            _problems |= HttpProblems.Unfinished;
            Finish(ns);
        }

        _lost = true;
        Dispose();
    }

    public void Dispose() => _inflater.Dispose();

    private int HeadLength() => 2 + ((_head[1] & 0x7f) switch { 126 => 2, 127 => 8, _ => 0 }) + (IsMasked ? 4 : 0);

    private void OnHead(long ns)
    {
        int length = _head[1] & 0x7f;
        _length = length switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(_head.AsSpan(2)),
            127 => BinaryPrimitives.ReadInt64BigEndian(_head.AsSpan(2)),
            _ => length,
        };
        bool known = FrameOpcode is WebSocketOpcode.Continuation or WebSocketOpcode.Text or WebSocketOpcode.Binary or WebSocketOpcode.Close
            or WebSocketOpcode.Ping or WebSocketOpcode.Pong;
        bool sound = known && _length >= 0 && (_head[0] & 0x30) == 0 && (!IsControl || (IsFinal && length <= MaxControl));
        if (!sound)
        {
            Lose(ns);
            return;
        }

        // Masks are used as they are; a wrong side masking (section 5.1) is only said.
        HttpProblems problems = IsMasked != _isClient ? HttpProblems.Malformed : 0;
        _inPayload = true;
        _have = 0;
        _read = 0;
        if (IsControl)
        {
            _controlProblems = problems;
            return;
        }

        if (FrameOpcode != WebSocketOpcode.Continuation && _open)
        {
            _problems |= HttpProblems.Unfinished | HttpProblems.Malformed;
            Finish(ns);
        }

        if (!_open)
        {
            _open = true;
            _opcode = FrameOpcode;
            _compressed = (_head[0] & 0x40) != 0;
            _startNs = _frameStartNs;
            _wireBytes = 0;
            _frames = 0;
            _problems = FrameOpcode == WebSocketOpcode.Continuation ? HttpProblems.StartMissing : 0;
            _problems |= _compressed && !_mayCompress ? HttpProblems.Malformed : 0;
        }

        _problems |= problems;
        _frames++;
        _wireBytes += HeadLength() + _length;
    }

    private void OnPayload(ReadOnlySpan<byte> part)
    {
        if (!IsMasked)
        {
            Keep(part, _read);
            return;
        }

        ReadOnlySpan<byte> mask = _head.AsSpan(HeadLength() - 4, 4);
        Span<byte> clear = stackalloc byte[512];
        for (int at = 0; at < part.Length;)
        {
            int count = Math.Min(clear.Length, part.Length - at);
            for (int i = 0; i < count; i++)
            {
                clear[i] = (byte)(part[at + i] ^ mask[(int)((_read + at + i) & 3)]);
            }

            Keep(clear[..count], _read + at);
            at += count;
        }
    }

    private void Keep(ReadOnlySpan<byte> clear, long at)
    {
        if (IsControl)
        {
            clear.CopyTo(_control.AsSpan((int)at));
        }
        else
        {
            _data.Add(clear);
        }
    }

    private void OnFrameEnd(long ns)
    {
        _inPayload = false;
        if (IsControl)
        {
            // A gap leaves a hole in the 125 bytes: what is before it cannot be told, so nothing is shown.
            bool whole = (_controlProblems & HttpProblems.Gap) == 0;
            _sink.OnWebSocketMessage(new WebSocketMessage
            {
                StreamId = _streamId,
                Direction = _direction,
                FromClient = _isClient,
                Opcode = FrameOpcode,
                Frames = 1,
                PayloadLength = _length,
                Payload = whole ? _control.AsSpan(0, (int)_length).ToArray() : ReadOnlyMemory<byte>.Empty,
                WireBytes = HeadLength() + _length,
                StartedNs = _frameStartNs,
                EndedNs = ns,
                Problems = _controlProblems,
            });
        }
        else if (IsFinal)
        {
            Finish(ns);
        }
    }

    private void Finish(long ns)
    {
        var holder = new HttpResponse();
        _data.MoveTo(holder);
        _budget.Return(holder.Charged);
        HttpProblems problems = _problems | holder.Problems;
        ReadOnlyMemory<byte> payload = holder.Body.Raw;
        if (_compressed)
        {
            bool whole = (problems & (HttpProblems.Gap | HttpProblems.Unfinished | HttpProblems.BodyCut | HttpProblems.StartMissing)) == 0;
            if (whole && _limits.DecodeBodies && _inflater.TryInflate(payload, out byte[] inflated, out bool cut))
            {
                payload = inflated;
                problems |= cut ? HttpProblems.BodyCut : 0;
            }
            else
            {
                problems |= HttpProblems.BodyUndecodable;
                _inflater.Lose();
            }
        }

        _open = false;
        _sink.OnWebSocketMessage(new WebSocketMessage
        {
            StreamId = _streamId,
            Direction = _direction,
            FromClient = _isClient,
            Opcode = _opcode,
            Frames = _frames,
            Payload = payload,
            PayloadLength = holder.Body.RawLength,
            WireBytes = _wireBytes,
            IsCompressed = _compressed,
            StartedNs = _startNs,
            EndedNs = ns,
            Problems = problems,
        });
    }
}
