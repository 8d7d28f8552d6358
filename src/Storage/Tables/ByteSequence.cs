using System.Buffers;

namespace ECapture.Storage.Tables;

/// <summary>Makes one sequence of many buffers without copying them. What it is made of is used again: it does not allocate twice.</summary>
internal sealed class ByteSequence
{
    private readonly List<Segment> _segments = [];
    private int _count;

    public void Clear() => _count = 0;

    public void Add(ByteBuffer buffer)
    {
        for (int i = 0; i < buffer.Pieces; i++)
        {
            Add(buffer.Piece(i));
        }
    }

    public void Add(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (_count == _segments.Count)
        {
            _segments.Add(new Segment());
        }

        _segments[_count].Follow(_count == 0 ? null : _segments[_count - 1], bytes);
        _count++;
    }

    /// <summary>What was added; valid until <see cref="Clear"/>.</summary>
    public ReadOnlySequence<byte> Build() =>
        _count == 0 ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_segments[0], 0, _segments[_count - 1], _segments[_count - 1].Memory.Length);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public void Follow(Segment? before, ReadOnlyMemory<byte> bytes)
        {
            Memory = bytes;
            Next = null;
            RunningIndex = 0;
            if (before is not null)
            {
                before.Next = this;
                RunningIndex = before.RunningIndex + before.Memory.Length;
            }
        }
    }
}
