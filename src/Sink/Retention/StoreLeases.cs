using ECapture.Storage.Partitions;

namespace ECapture.Sink.Retention;

/// <summary>Whoever changes what a store keeps takes its lease first: retention, archive, rebuild, and dead letters that are tried again.</summary>
internal static class StoreLeases
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>Takes the lease, or waits two minutes for it.</summary>
    /// <exception cref="SinkException">Another process has it.</exception>
    public static async Task<IStoreLease> LeaseAsync(this PartitionStore store, string address, TimeProvider clock, CancellationToken cancellationToken)
    {
        long start = clock.GetTimestamp();
        while (true)
        {
            if (await store.TryLeaseAsync(cancellationToken).ConfigureAwait(false) is { } lease)
            {
                return lease;
            }

            if (clock.GetElapsedTime(start) >= s_patience)
            {
                throw new SinkException(
                    $"{address}: another process has been archiving, dropping or rebuilding, or has tried dead letters again, for {s_patience.TotalMinutes} minutes; try again later");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), clock, cancellationToken).ConfigureAwait(false);
        }
    }
}
