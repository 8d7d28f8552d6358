using System.Buffers;
using System.Runtime.InteropServices;
using ECapture.Events;
using ECapture.Sink.Delivery;
using ECapture.Storage.Tables;

namespace ECapture.Sink.Projections;

/// <summary>Plaintext events as they came, until they are projected. Dead letters are the business of the sink that stores the plaintext.</summary>
/// <param name="createRows">Makes the batch of what is made of them.</param>
internal sealed class SourceBatch(Func<Batch> createRows) : Batch
{
    private const int ChunkBytes = 1 << 20;
    private const ulong NanosecondsPerDay = 86_400_000_000_000;

    private readonly List<byte[]> _chunks = [];
    private readonly List<SourceEvent> _events = [];
    private readonly HashSet<ulong> _days = [];
    private readonly Dictionary<StreamKey, (SourceEvent First, ulong Last)> _streams = [];
    private Batch? _projected;
    private int _at;

    /// <summary>What is made of the events.</summary>
    public Batch Projected => _projected ??= createRows();

    /// <summary>True when <see cref="Projected"/> is whole: a write that is made again writes the same.</summary>
    public bool IsProjected { get; set; }

    /// <summary>The events in the order of the log.</summary>
    public IReadOnlyList<SourceEvent> Events => _events;

    /// <summary>The streams, each with its first event here and its last sequence.</summary>
    public IReadOnlyDictionary<StreamKey, (SourceEvent First, ulong Last)> Streams => _streams;

    public override int Days => _days.Count;

    /// <summary>An event's bytes.</summary>
    public ReadOnlySpan<byte> EncodingOf(in SourceEvent source) => _chunks[source.Chunk].AsSpan(source.Start, source.Length);

    protected override void AddRow(in EventRow row, StreamKey stream)
    {
        int length = row.Bytes.Length;
        if (_chunks.Count == 0 || _chunks[^1].Length - _at < length)
        {
            _chunks.Add(ArrayPool<byte>.Shared.Rent(Math.Max(ChunkBytes, length)));
            _at = 0;
        }

        row.Bytes.CopyTo(_chunks[^1].AsSpan(_at));
        SourceEvent added = new(stream, row.Fields.Sequence, row.LogOffset, row.Fields.Connection, row.Fields.BootNs, row.Fields.WallNs, _chunks.Count - 1, _at, length);
        _events.Add(added);
        ref (SourceEvent First, ulong Last) share = ref CollectionsMarshal.GetValueRefOrAddDefault(_streams, stream, out bool isKnown);
        share = (isKnown ? share.First : added, added.Sequence);
        _at += length;
        _days.Add(row.Fields.WallNs / NanosecondsPerDay);
    }

    protected override void Reset()
    {
        _projected?.Clear();
        IsProjected = false;
        _events.Clear();
        _streams.Clear();
        _days.Clear();
        foreach (byte[] chunk in _chunks)
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        _chunks.Clear();
        _at = 0;
    }
}
