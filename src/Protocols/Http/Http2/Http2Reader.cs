using System.Buffers.Binary;
using ECapture.Protocols.Http.Streams;

namespace ECapture.Protocols.Http.Http2;

/// <summary>Reads the frames of one direction of an HTTP/2 connection (RFC 9113 section 4).</summary>
internal sealed class Http2Reader(HttpSide side, Http2Session session, HttpLimits limits, int prefaceSeen) : StreamHandler
{
    /// <summary>A longer frame is no frame: the place in the stream is lost.</summary>
    private const int LongestFrame = 1 << 20;

    private readonly byte[] _head = new byte[FrameHeader.Size];
    private readonly HeaderBlock _block = new(limits);
    private readonly GrowingBuffer _payload = new(limits.MaxHeaderBytes);
    private int _prefaceSeen = prefaceSeen;
    private int _have;
    private bool _inPayload;
    private bool _broken;
    private FrameHeader _frame;
    private int _left;
    private int _padding;
    private long _startNs;
    private long _startOffset;

    /// <summary>RFC 9113 section 3.4.</summary>
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public override int Feed(ReadOnlySpan<byte> bytes, long offset, long ns)
    {
        int at = 0;
        while (at < bytes.Length && side.Handler == this)
        {
            if (_inPayload)
            {
                int part = Math.Min(bytes.Length - at, _left);
                OnPayload(bytes.Slice(at, part), ns);
                at += part;
                _left -= part;
            }
            else if (_have == 0 && _prefaceSeen < Preface.Length && bytes[at] == Preface[_prefaceSeen])
            {
                _prefaceSeen++;
                at++;
            }
            else
            {
                if (_have == 0)
                {
                    _prefaceSeen = Preface.Length;
                    _startNs = ns;
                    _startOffset = offset + at;
                }

                _head[_have++] = bytes[at++];
                if (_have == FrameHeader.Size)
                {
                    OnFrame(ns);
                }
            }

            if (_inPayload && _left == 0)
            {
                _inPayload = false;
                OnFrameEnd(ns);
            }
        }

        return at;
    }

    public override void Gap(long length, long ns)
    {
        if (_inPayload && length <= _left)
        {
            _left -= (int)length;
            if (_frame.Type == FrameType.Data)
            {
                session.OnDataGap(side, _frame.Stream, Math.Min(length, Math.Max(0, _left + length - Math.Max(0, _padding))), ns);
                _padding = Math.Max(0, _padding);
            }

            _broken = true;
            if (_left == 0)
            {
                _inPayload = false;
                OnFrameEnd(ns);
            }

            return;
        }

        Lost(ns);
    }

    public override void End(long ns)
    {
        // Streams that are open are given up when the connection closes.
    }

    private void Lost(long ns)
    {
        session.OnLost(side, ns);
        side.Search();
    }

    private void OnFrame(long ns)
    {
        _have = 0;
        _frame = FrameHeader.Read(_head);
        if (!IsFrame(_frame))
        {
            Lost(ns);
            return;
        }

        if (_block.IsOpen && (_frame.Type != FrameType.Continuation || _frame.Stream != _block.Stream))
        {
            session.OnBlockLost(side, _block); // section 6.10: nothing may come between the fragments
            _block.Clear();
        }

        _inPayload = true;
        _broken = false;
        _left = _frame.Length;
        _padding = _frame.Type == FrameType.Data && (_frame.Flags & FrameHeader.Padded) != 0 ? -1 : 0;
        _payload.Clear();
        if (_frame.Type == FrameType.Data)
        {
            session.OnDataStart(side, _frame, _startNs, _startOffset);
        }
    }

    /// <summary>The rules of section 6 whose breach ends a connection: here they say that this is no frame header.</summary>
    private static bool IsFrame(FrameHeader frame) => frame.Length <= LongestFrame && frame.Type switch
    {
        FrameType.Data or FrameType.Headers or FrameType.Continuation or FrameType.PushPromise => frame.Stream != 0,
        FrameType.Priority => frame.Stream != 0 && frame.Length == 5,
        FrameType.RstStream => frame.Stream != 0 && frame.Length == 4,
        FrameType.Settings => frame.Stream == 0 && frame.Length % 6 == 0,
        FrameType.Ping => frame.Stream == 0 && frame.Length == 8,
        FrameType.GoAway => frame.Stream == 0 && frame.Length >= 8,
        FrameType.WindowUpdate => frame.Length == 4,
        _ => true,
    };

    private void OnPayload(ReadOnlySpan<byte> part, long ns)
    {
        if (_frame.Type != FrameType.Data)
        {
            _payload.Add(part);
            return;
        }

        int left = _left;
        if (_padding < 0)
        {
            _padding = part[0];
            part = part[1..];
            left--;
        }

        int content = Math.Min(part.Length, left - _padding);
        if (content > 0)
        {
            session.OnData(side, _frame.Stream, part[..content], ns);
        }
    }

    private void OnFrameEnd(long ns)
    {
        ReadOnlySpan<byte> payload = _payload.Bytes;
        switch (_frame.Type)
        {
            case FrameType.Data:
                session.OnDataEnd(side, _frame, ns);
                break;
            case FrameType.Headers:
            case FrameType.PushPromise:
            case FrameType.Continuation:
                OnFragment(payload, ns);
                break;
            case FrameType.RstStream when !_broken:
                session.OnReset(_frame.Stream, BinaryPrimitives.ReadUInt32BigEndian(payload), ns);
                break;
            case FrameType.GoAway when !_broken:
                session.OnGoAway(
                    side, BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue, BinaryPrimitives.ReadUInt32BigEndian(payload[4..]), ns);
                break;
        }
    }

    private void OnFragment(ReadOnlySpan<byte> payload, long ns)
    {
        bool whole = !_broken && !_payload.IsCut;
        if (_frame.Type != FrameType.Continuation)
        {
            _block.Open(_frame, _startNs, _startOffset);
            whole = whole && _block.TryStrip(ref payload);
        }
        else if (!_block.IsOpen)
        {
            _block.Open(_frame, _startNs, _startOffset); // its beginning was not captured
            whole = false;
        }

        _block.Add(payload, whole, FrameHeader.Size + _frame.Length);
        if ((_frame.Flags & FrameHeader.EndHeaders) != 0)
        {
            session.OnBlock(side, _block, ns);
            _block.Clear();
        }
    }
}
