using System.Globalization;
using ECapture.Sink.Delivery;
using ECapture.Storage;

namespace ECapture.Sink.ClickHouse;

/// <summary>
/// Writes a block that the store refused for the sake of some row: halves of it, halves of those, until the rows that are refused stand alone and become
/// dead letters. Before a part is written it is counted what of it is there, so it may be broken off anywhere and begun again (docs/architecture.md,
/// "Refused rows").
/// </summary>
internal sealed class PartWriter(IPlanStore store, PartitionId partition, Plan plan)
{
    /// <summary>Rows of a batch that may be refused; more of them are no matter of rows.</summary>
    public const int MaxRefused = 1000;

    private const int MaxAttempts = 100;

    /// <returns>How many rows were refused by this call.</returns>
    /// <exception cref="StoreException">The store failed; or it refuses too many rows.</exception>
    public async Task<int> WriteAsync(Block block, string token, CancellationToken cancellationToken)
    {
        IBlockParts parts = block.Split();
        IReadOnlySet<long> buried = await store.RefusedAsync(partition, plan.From, plan.To, cancellationToken).ConfigureAwait(false);
        Stack<(int First, int Count)> todo = new([(0, parts.Count)]);
        int refused = 0;
        while (todo.TryPop(out (int First, int Count) range))
        {
            Block part = parts.Part(range.First, range.Count);
            long there = await store.CountAsync(part, cancellationToken).ConfigureAwait(false)
                + Enumerable.Range(range.First, range.Count).Count(row => buried.Contains(parts.OffsetOf(row)));
            if (there >= range.Count)
            {
                continue;
            }

            StoreException? fault = there > 0 ? null
                : await TryInsertAsync(part, string.Create(CultureInfo.InvariantCulture, $"{token}/{range.First}-{range.Count}"), cancellationToken).ConfigureAwait(false);
            if (there == 0 && fault is null)
            {
                continue;
            }

            if (range.Count > 1)
            {
                int half = range.Count / 2;
                todo.Push((range.First + half, range.Count - half));
                todo.Push((range.First, half));
            }
            else if (++refused > MaxRefused)
            {
                throw new StoreException($"{partition}: more than {MaxRefused} rows of the batch at offset {plan.From} are refused, so it is not for the rows: {fault!.Message}", isTransient: false);
            }
            else
            {
                Block letter = parts.Refusal(range.First, fault!.Message);
                await InsertAsync(letter, string.Create(CultureInfo.InvariantCulture, $"{token}/refused/{parts.OffsetOf(range.First)}"), cancellationToken).ConfigureAwait(false);
            }
        }

        return refused;
    }

    private async Task<StoreException?> TryInsertAsync(Block part, string token, CancellationToken cancellationToken)
    {
        try
        {
            await InsertAsync(part, token, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (StoreException e) when (e.IsRowFault)
        {
            return e;
        }
    }

    // A token may be there without its rows, as with every block that is written again.
    private async Task InsertAsync(Block part, string token, CancellationToken cancellationToken)
    {
        for (int again = 0; again < MaxAttempts; again++)
        {
            await store.InsertBlockAsync(part, again == 0 ? token : string.Create(CultureInfo.InvariantCulture, $"{token}/{again}"), cancellationToken).ConfigureAwait(false);
            if (await store.CountAsync(part, cancellationToken).ConfigureAwait(false) > 0)
            {
                return;
            }
        }

        throw new StoreException($"{partition}: a part of the batch at offset {plan.From} does not appear after {MaxAttempts} inserts: is somebody deleting it?", isTransient: true);
    }
}
