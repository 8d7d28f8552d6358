using ECapture.Sink.Delivery;

namespace ECapture.Sink.Books;

/// <summary>
/// Finds the batches whose accounts can be one: those that follow each other without a hole and were written on the same day. So a row covers a day of a log at most, and what
/// the logs still hold of it can be told.
/// </summary>
internal sealed class AccountGrouping
{
    private readonly List<AccountGroup> _groups = [];
    private PartitionId? _partition;
    private long _day;
    private long _from;
    private long _to;
    private int _batches;
    private AccountGroup _merged;

    /// <summary>Takes the next batch: by partition, then by first offset; of several with one first offset the longest first.</summary>
    /// <param name="partition">Whose.</param>
    /// <param name="from">First offset.</param>
    /// <param name="to">Offset behind the last.</param>
    /// <param name="day">When it was written.</param>
    /// <param name="isMerged">True: the row stands for several already.</param>
    public void Add(PartitionId partition, long from, long to, long day, bool isMerged)
    {
        if (isMerged)
        {
            End();
            _merged = new AccountGroup(partition, from, to, 0);
            return;
        }

        if (partition == _merged.Partition && from >= _merged.From && to <= _merged.To)
        {
            if (_groups.Count == 0 || _groups[^1] != _merged)
            {
                _groups.Add(_merged); // who added them up died before they were taken away
            }

            return;
        }

        if (partition != _partition || day != _day || from != _to)
        {
            End();
            (_partition, _day, _from) = (partition, day, from);
        }

        _to = to;
        _batches++;
    }

    /// <summary>All groups of more than one.</summary>
    public IReadOnlyList<AccountGroup> Complete()
    {
        End();
        return _groups;
    }

    private void End()
    {
        if (_partition is { } partition && _batches > 1)
        {
            _groups.Add(new AccountGroup(partition, _from, _to, _batches));
        }

        (_partition, _batches) = (null, 0);
    }
}
