using ECapture.Events;
using ECapture.Storage.Partitions;

namespace ECapture.Sink.Archive;

/// <summary>Adds up what an archive holds, event by event: the same when it is written and when it is read back.</summary>
internal sealed class ArchiveTally
{
    private readonly Dictionary<(Guid Run, int Partition), (long Rows, long First, long Last)> _streams = [];
    private readonly Dictionary<int, (long Rows, long First, long Last)> _log = [];
    private ulong _firstNs = ulong.MaxValue;
    private ulong _lastNs;

    public long Rows { get; private set; }

    public DateTimeOffset? FirstTime => Rows == 0 ? null : Time(_firstNs);

    public DateTimeOffset? LastTime => Rows == 0 ? null : Time(_lastNs);

    public IReadOnlyList<StreamShare> Streams =>
        [.. _streams.OrderBy(s => s.Key).Select(s => new StreamShare(s.Key.Run, s.Key.Partition, s.Value.Rows, s.Value.First, s.Value.Last))];

    public IReadOnlyList<LogPartitionShare> LogPartitions =>
        [.. _log.OrderBy(s => s.Key).Select(s => new LogPartitionShare(s.Key, s.Value.Rows, s.Value.First, s.Value.Last))];

    /// <returns>False when the bytes are no event.</returns>
    public bool Add(ReadOnlySpan<byte> encoded, int logPartition, long logOffset)
    {
        if (!EventReader.TryRead(encoded, out EventFields fields) || fields.Run.Length != 16)
        {
            return false;
        }

        (Guid, int) stream = (new Guid(fields.Run.Of(encoded), bigEndian: true), (int)fields.Partition);
        _streams[stream] = With(_streams.GetValueOrDefault(stream, (0, long.MaxValue, long.MinValue)), (long)fields.Sequence);
        _log[logPartition] = With(_log.GetValueOrDefault(logPartition, (0, long.MaxValue, long.MinValue)), logOffset);
        _firstNs = Math.Min(_firstNs, fields.WallNs);
        _lastNs = Math.Max(_lastNs, fields.WallNs);
        Rows++;
        return true;
    }

    private static (long, long, long) With((long Rows, long First, long Last) sum, long value) =>
        (sum.Rows + 1, Math.Min(sum.First, value), Math.Max(sum.Last, value));

    private static DateTimeOffset Time(ulong ns) => DateTimeOffset.UnixEpoch.AddTicks((long)(ns / 100));
}
