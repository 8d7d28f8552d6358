using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Policies;
using ECapture.Sink.Archive;
using ECapture.Sink.Delivery;
using ECapture.Sink.Reconcile;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using ECapture.Storage.Reading.Reads;
using ECapture.Storage.Reading.Sql;
using ECapture.Storage.Tables;

namespace ECapture.Sink.Rebuild;

/// <summary>Where the events of a partition can be taken from.</summary>
internal sealed class RebuildSources(Store opened, EventTable table, IReadOnlyList<ILogReader> logs, ArchiveFolder? archives, Policy? policy)
{
    private readonly ISqlStore _store = SqlStore.Of(opened);

    /// <summary>From the table itself: it is lossless.</summary>
    public async IAsyncEnumerable<RebuildRow> TableAsync(PartitionSpan span, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SqlText sql = _store.NewText();
        sql.IsBulk = true;
        sql.Append($"SELECT log_partition, log_offset, data_at, event, data FROM {table.Name} WHERE ts >= {sql.TimeFloor(Nanoseconds(span.From))} AND ts < {sql.TimeFloor(Nanoseconds(span.To))}");
        IRowReader rows = await _store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable end = rows.ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return new RebuildRow((int)rows.Number(0), (long)rows.Number(1), RebuiltEvent.Encode(rows, 2, 3, 4));
        }
    }

    /// <summary>The ranges of logs that the events of a partition were read from.</summary>
    public async Task<IReadOnlyList<(PartitionId Partition, AccountSpan Range)>> RangesAsync(PartitionSpan span, CancellationToken cancellationToken)
    {
        SqlText sql = _store.NewText();
        sql.Append($"SELECT {sql.NameColumn("log")} AS l, log_partition, min(from_offset), max(to_offset) FROM sink_account WHERE {sql.AnyOfTexts("topic", [table.Name])}");
        sql.Append($" AND hour >= {sql.Number((ulong)FirstHour(span))} AND hour < {sql.Number((ulong)EndHour(span))} GROUP BY log, log_partition");
        IRowReader rows = await _store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable end = rows.ConfigureAwait(false);
        List<(PartitionId, AccountSpan)> ranges = [];
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            ranges.Add((
                new PartitionId(Encoding.UTF8.GetString(rows.Bytes(0)), table.Name, (int)rows.Number(1)),
                new AccountSpan((long)rows.Number(2), (long)rows.Number(3))));
        }

        return ranges;
    }

    /// <summary>Why the logs do not cover ranges; null when they do.</summary>
    public async Task<string?> LackAsync(IReadOnlyList<(PartitionId Partition, AccountSpan Range)> ranges, CancellationToken cancellationToken)
    {
        foreach ((PartitionId partition, AccountSpan range) in ranges)
        {
            if (logs.FirstOrDefault(log => log.LogId == partition.Log) is not { } log)
            {
                return $"log {partition.Log} is not here";
            }

            (long first, long next) = await log.GetBoundsAsync(new TopicPartition(partition.Topic, partition.Partition), cancellationToken).ConfigureAwait(false);
            if (first > range.From || next < range.To)
            {
                return $"{partition} holds offsets {first}..{next - 1}, and {range.From}..{range.To - 1} are needed";
            }
        }

        return ranges.Count > 0 ? null : "the sink kept no account of these hours";
    }

    /// <summary>From the logs, as the sink reads them: each event once, cut as the policy says, without what is a dead letter.</summary>
    public async IAsyncEnumerable<RebuildRow> LogsAsync(
        PartitionSpan span, IReadOnlyList<(PartitionId Partition, AccountSpan Range)> ranges, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        HashSet<(PartitionId, long)> letters = await OpenLettersAsync(cancellationToken).ConfigureAwait(false);
        Filter filter = new(table.Name, span, StoredCut.For(policy, table.Name));
        foreach ((PartitionId partition, AccountSpan range) in ranges)
        {
            ILogReader log = logs.First(log => log.LogId == partition.Log);
            filter.Forget();
            await foreach (ReadOnlyMemory<LogRecord> records in log.ReadAsync(
                new TopicPartition(partition.Topic, partition.Partition), range.From, range.To, cancellationToken).ConfigureAwait(false))
            {
                for (int i = 0; i < records.Length; i++)
                {
                    LogRecord record = records.Span[i];
                    if (!letters.Contains((partition, record.Offset)) && filter.Take(record.Value.Span) is { } encoded)
                    {
                        yield return new RebuildRow(partition.Partition, record.Offset, encoded);
                    }
                }
            }
        }
    }

    /// <summary>Archives that hold events of a partition.</summary>
    /// <exception cref="SinkException">A manifest cannot be read.</exception>
    public IReadOnlyList<ArchiveManifest> Archives(PartitionSpan span) => archives?.Of(table.Name, span) ?? [];

    /// <summary>What the table has, and from archives what it lacks.</summary>
    /// <exception cref="SinkException">An archive is damaged.</exception>
    public async IAsyncEnumerable<RebuildRow> TableAndArchivesAsync(
        PartitionSpan span, IReadOnlyList<ArchiveManifest> manifests, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (RebuildRow row in TableAsync(span, cancellationToken).ConfigureAwait(false))
        {
            yield return row;
        }

        SequenceSet there = await PartitionStore.Of(opened).SequencesAsync(table.Name, span, cancellationToken).ConfigureAwait(false);
        HashSet<(Guid, uint, ulong)> back = [];
        foreach (ArchiveManifest manifest in manifests)
        {
            await archives!.VerifyAsync(manifest, cancellationToken).ConfigureAwait(false);
            await foreach (ArchivedEvent one in archives.ReadEventsAsync(manifest, cancellationToken).ConfigureAwait(false))
            {
                EventReader.TryRead(one.Event.Span, out EventFields fields); // it was verified
                Guid run = new(fields.Run.Of(one.Event.Span), bigEndian: true);
                if (PartitionSpan.Of(fields.WallNs, span.Unit) == span && !there.Contains(run, (int)fields.Partition, fields.Sequence) && back.Add((run, fields.Partition, fields.Sequence)))
                {
                    yield return new RebuildRow((int)one.LogPartition, (long)one.LogOffset, one.Event.ToByteArray());
                }
            }
        }
    }

    public static long FirstHour(PartitionSpan span) => Nanoseconds(span.From) / 3_600_000_000_000;

    public static long EndHour(PartitionSpan span) => Nanoseconds(span.To) / 3_600_000_000_000;

    private static long Nanoseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;

    private async Task<HashSet<(PartitionId, long)>> OpenLettersAsync(CancellationToken cancellationToken)
    {
        ReconcileReads reads = new(_store);
        HashSet<(PartitionId, long)> letters = [];
        await foreach ((PartitionId partition, long offset, _) in reads.DeadLettersAsync(cancellationToken).ConfigureAwait(false))
        {
            if (partition.Topic == table.Name)
            {
                letters.Add((partition, offset));
            }
        }

        await foreach ((PartitionId partition, long offset, _) in reads.RetriedAsync(cancellationToken).ConfigureAwait(false))
        {
            letters.Remove((partition, offset));
        }

        return letters;
    }

    // What the sink does with a record, for one partition of the table.
    private sealed class Filter(string topic, PartitionSpan span, StoredCut? cut)
    {
        private readonly byte[] _topic = Encoding.UTF8.GetBytes(topic);
        private readonly Dictionary<StreamKey, ulong> _last = [];

        public void Forget() => _last.Clear();

        public byte[]? Take(ReadOnlySpan<byte> bytes)
        {
            if (EventCheck.Read(bytes, _topic, out EventFields fields) is not null)
            {
                return null;
            }

            StreamKey stream = new(BinaryPrimitives.ReadUInt128BigEndian(fields.Run.Of(bytes)), fields.Partition);
            if (_last.TryGetValue(stream, out ulong last) && fields.Sequence <= last)
            {
                return null;
            }

            _last[stream] = fields.Sequence;
            return PartitionSpan.Of(fields.WallNs, span.Unit) == span ? (cut is null ? bytes : cut.Apply(bytes, ref fields)).ToArray() : null;
        }
    }
}
