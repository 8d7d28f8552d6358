using ECapture.Events.V1;
using ECapture.Log.Journal;
using ECapture.Storage.Partitions;

namespace ECapture.Sink.Retention;

/// <summary>What every change of what a store keeps needs: the store's lease, and a record in the journal before it is made.</summary>
internal sealed class StoreChanges(PartitionStore store, string address, IJournal journal, TimeProvider clock)
{
    /// <summary>Takes the lease, or waits two minutes for it.</summary>
    /// <exception cref="SinkException">Another process has it.</exception>
    public Task<IStoreLease> LeaseAsync(CancellationToken cancellationToken) => store.LeaseAsync(address, clock, cancellationToken);

    /// <summary>Takes the lease; null when another process has it.</summary>
    public Task<IStoreLease?> TryLeaseAsync(CancellationToken cancellationToken) => store.TryLeaseAsync(cancellationToken);

    /// <summary>Records a change that is about to be made; it is not made when this fails.</summary>
    public Task RecordAsync(string action, string subject, string actor, long? rows, long bytes, string detail, CancellationToken cancellationToken)
    {
        Control control = new() { Action = action, Subject = subject, Actor = actor, Bytes = (ulong)bytes, Detail = detail };
        if (rows is { } count)
        {
            control.Rows = (ulong)count;
        }

        return journal.AppendAsync(control, cancellationToken);
    }
}
