namespace ECapture.Protocols.Http.Streams;

/// <summary>The last bytes of a direction with the times they were captured at, to be read again by another handler. A byte's time is exact for the
/// newest 64 pieces and the time of the oldest of those before.</summary>
internal sealed class TimedBuffer(int capacity)
{
    private const int MaxMarks = 64;
    private readonly List<(long Offset, long Ns)> _marks = [];
    private byte[] _bytes = new byte[Math.Min(capacity, 256)];

    public int Length { get; private set; }

    public long Offset { get; private set; }

    public bool IsFull => Length == capacity;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Appends what fits.</summary>
    /// <returns>The number of bytes appended.</returns>
    public int Append(ReadOnlySpan<byte> bytes, long offset, long ns)
    {
        int taken = Math.Min(bytes.Length, capacity - Length);
        if (taken == 0)
        {
            return 0;
        }

        if (Length == 0)
        {
            Offset = offset;
            _marks.Clear();
        }

        if (Length + taken > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Min(capacity, Math.Max(_bytes.Length * 2, Length + taken)));
        }

        if (_marks.Count == 0 || _marks[^1].Ns != ns)
        {
            if (_marks.Count == MaxMarks)
            {
                _marks.RemoveAt(1);
            }

            _marks.Add((offset, ns));
        }

        bytes[..taken].CopyTo(_bytes.AsSpan(Length));
        Length += taken;
        return taken;
    }

    /// <summary>Drops bytes at the start.</summary>
    public void Drop(int count)
    {
        Buffer.BlockCopy(_bytes, count, _bytes, 0, Length - count);
        Length -= count;
        Offset += count;
        while (_marks.Count > 1 && _marks[1].Offset <= Offset)
        {
            _marks.RemoveAt(0);
        }
    }

    public void Clear()
    {
        Length = 0;
        _marks.Clear();
    }

    /// <summary>What is held from a position on, cut where times change, in order; the buffer is empty then.</summary>
    public List<Piece> Take(int from)
    {
        var pieces = new List<Piece>();
        byte[] bytes = _bytes.AsSpan(0, Length).ToArray();
        for (int i = 0; i < _marks.Count; i++)
        {
            int start = Math.Max(from, (int)Math.Max(0, _marks[i].Offset - Offset));
            int end = i + 1 < _marks.Count ? (int)(_marks[i + 1].Offset - Offset) : Length;
            if (end > start)
            {
                pieces.Add(new Piece(bytes.AsMemory(start, end - start), Offset + start, _marks[i].Ns));
            }
        }

        Clear();
        return pieces;
    }

    internal readonly record struct Piece(ReadOnlyMemory<byte> Bytes, long Offset, long Ns);
}
