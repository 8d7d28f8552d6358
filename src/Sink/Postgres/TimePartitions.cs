using System.Collections.Concurrent;
using ECapture.Storage.Partitions;
using ECapture.Storage.Tables;
using Npgsql;

namespace ECapture.Sink.Postgres;

/// <summary>Makes the partitions that events belong to, and remembers which are there.</summary>
internal sealed class TimePartitions(NpgsqlDataSource source)
{
    private readonly ConcurrentDictionary<(string Table, PartitionSpan Span), bool> _known = new();

    /// <param name="table">The table.</param>
    /// <param name="spans">Days or hours.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task EnsureAsync(EventTable table, IEnumerable<PartitionSpan> spans, CancellationToken cancellationToken)
    {
        foreach (PartitionSpan span in spans)
        {
            if (!_known.ContainsKey((table.Name, span)))
            {
                await PostgresPartitions.EnsureAsync(source, table.Name, span, cancellationToken).ConfigureAwait(false);
                _known[(table.Name, span)] = true;
            }
        }
    }

    /// <summary>Forgets what is there: after a failure a partition may have been dropped.</summary>
    public void Forget() => _known.Clear();
}
