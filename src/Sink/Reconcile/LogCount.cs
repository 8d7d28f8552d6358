using System.Text;
using ECapture.Events;
using ECapture.Log;
using ECapture.Sink.Delivery;

namespace ECapture.Sink.Reconcile;

/// <summary>Counts the records of a log again, by the hour of their events.</summary>
internal sealed class LogCount(ILogReader log)
{
    /// <summary>The log's id.</summary>
    public string LogId => log.LogId;

    /// <summary>What the log keeps of its partitions now; topics of dead letters hold no events.</summary>
    public async Task<IReadOnlyDictionary<TopicPartition, (long First, long Next)>> BoundsAsync(CancellationToken cancellationToken)
    {
        Dictionary<TopicPartition, (long First, long Next)> bounds = [];
        IReadOnlyList<TopicPartition> all = await log.PartitionsAsync(cancellationToken).ConfigureAwait(false);
        foreach (TopicPartition known in all.Where(partition => !Topics.IsDeadLetters(partition.Topic)))
        {
            bounds[known] = await log.GetBoundsAsync(known, cancellationToken).ConfigureAwait(false);
        }

        return bounds;
    }

    /// <summary>The first offset that is kept of a partition now.</summary>
    public async Task<long> FirstAsync(TopicPartition partition, CancellationToken cancellationToken) =>
        (await log.GetBoundsAsync(partition, cancellationToken).ConfigureAwait(false)).First;

    /// <summary>Records of a range by hour; those that are no events count for hour 0.</summary>
    /// <param name="partition">Whose.</param>
    /// <param name="from">First offset.</param>
    /// <param name="to">Offset behind the last one.</param>
    /// <param name="count">Takes an hour and a number of records.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task CountAsync(TopicPartition partition, long from, long to, Action<long, long> count, CancellationToken cancellationToken)
    {
        byte[] topic = Encoding.UTF8.GetBytes(partition.Topic);
        await foreach (ReadOnlyMemory<LogRecord> records in log.ReadAsync(partition, from, to, cancellationToken).ConfigureAwait(false))
        {
            Count(records.Span, topic, count);
        }
    }

    private static void Count(ReadOnlySpan<LogRecord> records, byte[] topic, Action<long, long> count)
    {
        long hour = -1;
        long run = 0;
        foreach (ref readonly LogRecord record in records)
        {
            long next = EventCheck.Read(record.Value.Span, topic, out EventFields fields) is null ? BatchAccount.HourOf(fields.WallNs) : 0;
            if (next != hour && run > 0)
            {
                count(hour, run);
                run = 0;
            }

            hour = next;
            run++;
        }

        if (run > 0)
        {
            count(hour, run);
        }
    }
}
