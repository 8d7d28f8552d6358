using System.Buffers.Binary;

namespace ECapture.Protocols.Tls;

/// <summary>
/// Walks the TLS records of one direction of a TCP connection, from the first segment that begins with one, and keeps a protected record of it. Where a segment is
/// missing it begins again with the next that begins with a record. One thread feeds it; <see cref="Count"/> may be read by any.
/// </summary>
public sealed class RecordWalk
{
    private const int MostSample = 4096;
    private const int MostBody = 16384 + 2048; // RFC 5246, section 6.2.3; TLS 1.3 allows less
    private const int LeastBody = 17;
    private const byte ApplicationData = 23;

    private readonly byte[] _header = new byte[RecordKeys.HeaderLength];
    private int _headerLength;
    private int _bodyLeft;
    private uint _next;
    private ulong _count;
    private byte[] _sample = [];
    private int _sampleLength;

    /// <summary>True once it began.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>TCP sequence number of the first byte of the first record.</summary>
    public uint Start { get; private set; }

    /// <summary>Records whose header came.</summary>
    public ulong Count => Volatile.Read(ref _count);

    /// <summary>The newest record of application data that came in one segment, with its header; empty: none yet.</summary>
    public ReadOnlySpan<byte> Sample => _sample.AsSpan(0, _sampleLength);

    /// <summary>How many records came before the sample.</summary>
    public ulong SampleIndex { get; private set; }

    /// <summary>Takes a segment.</summary>
    /// <param name="sequence">Its TCP sequence number.</param>
    /// <param name="payload">Its payload; an empty one is ignored.</param>
    public void Feed(uint sequence, ReadOnlySpan<byte> payload)
    {
        int late = (int)(_next - sequence); // sequence numbers wrap around
        if (IsStarted && late > 0)
        {
            if (late >= payload.Length)
            {
                return; // sent again
            }

            sequence = _next;
            payload = payload[late..];
        }
        else if (!IsStarted || late < 0)
        {
            Begin(sequence, payload);
        }

        if (IsStarted && !payload.IsEmpty)
        {
            _next = sequence + (uint)payload.Length;
            Take(payload);
        }
    }

    private void Begin(uint sequence, ReadOnlySpan<byte> payload)
    {
        IsStarted = payload.Length >= RecordKeys.HeaderLength && payload[0] == ApplicationData && IsHeader(payload);
        Start = sequence;
        _headerLength = _bodyLeft = 0;
        Volatile.Write(ref _count, 0);
        _sampleLength = 0;
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int skipped = Math.Min(_bodyLeft, bytes.Length);
            _bodyLeft -= skipped;
            bytes = bytes[skipped..];
            int taken = Math.Min(RecordKeys.HeaderLength - _headerLength, bytes.Length);
            if (taken == 0)
            {
                return;
            }

            ReadOnlySpan<byte> record = _headerLength == 0 ? bytes : [];
            bytes[..taken].CopyTo(_header.AsSpan(_headerLength));
            _headerLength += taken;
            bytes = bytes[taken..];
            if (_headerLength < RecordKeys.HeaderLength)
            {
                return;
            }

            if (!IsHeader(_header))
            {
                IsStarted = false; // no record: what began it was none, or bytes are missing
                return;
            }

            _headerLength = 0;
            _bodyLeft = BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(3));
            int length = RecordKeys.HeaderLength + _bodyLeft;
            if (_header[0] == ApplicationData && length <= record.Length && length <= MostSample)
            {
                if (_sample.Length < length)
                {
                    _sample = new byte[length];
                }

                record[..length].CopyTo(_sample);
                _sampleLength = length;
                SampleIndex = _count;
            }

            Volatile.Write(ref _count, _count + 1);
        }
    }

    private static bool IsHeader(ReadOnlySpan<byte> bytes) =>
        bytes[0] is >= 21 and <= ApplicationData && bytes[1] == 3 && bytes[2] == 3
        && BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]) is >= LeastBody and <= MostBody;
}
