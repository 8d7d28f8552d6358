using System.Diagnostics;
using Confluent.Kafka;
using ECapture.Log.Kafka;

namespace ECapture.Log.Forwarding;

/// <summary>What of one partition was handed to the producer and not acknowledged, oldest first.</summary>
internal sealed class InFlight
{
    private readonly Queue<(DeliveryBatch Batch, int Records, long Next, Activity? Activity)> _batches = [];

    /// <summary>The offset below which everything was acknowledged; negative while that is only known to the group.</summary>
    public long Acknowledged { get; private set; } = -1;

    /// <summary>What the group was told.</summary>
    public long Committed { get; set; } = -1;

    public bool IsEmpty => _batches.Count == 0;

    public IEnumerable<Task> Pending => _batches.Select(b => b.Batch.Done);

    public void Add(DeliveryBatch batch, int records, long next, Activity? activity) => _batches.Enqueue((batch, records, next, activity));

    /// <summary>Takes the acknowledged batches at the front: a batch counts only when all before it do, and when none failed.</summary>
    /// <returns>Records acknowledged, or the error of one that failed.</returns>
    public (long Records, Error? Error) Reap()
    {
        long records = 0;
        foreach ((DeliveryBatch batch, _, _, _) in _batches)
        {
            if (batch.Failure is { } failure)
            {
                return (records, failure); // at once: nothing may overtake what failed
            }
        }

        while (_batches.TryPeek(out (DeliveryBatch Batch, int Records, long Next, Activity? Activity) first) && first.Batch.Done.IsCompletedSuccessfully)
        {
            _batches.Dequeue();
            first.Activity?.Dispose();
            Acknowledged = first.Next;
            records += first.Records;
        }

        return (records, null);
    }

    /// <summary>Forgets what was sent with a producer that is no more.</summary>
    public void Forget()
    {
        foreach ((_, _, _, Activity? activity) in _batches)
        {
            activity?.SetStatus(ActivityStatusCode.Error);
            activity?.Dispose();
        }

        _batches.Clear();
    }
}
