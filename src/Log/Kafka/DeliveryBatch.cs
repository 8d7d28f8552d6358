using Confluent.Kafka;

namespace ECapture.Log.Kafka;

/// <summary>Records that were handed to the producer together; done when the last of them was acknowledged or refused.</summary>
internal sealed class DeliveryBatch
{
    private readonly TaskCompletionSource<Error?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Error? _error;
    private int _open = 1; // the caller, until it has handed over everything

    public DeliveryBatch() => Report = OnReport;

    /// <summary>Called for each record by the producer's thread.</summary>
    public Action<DeliveryReport<byte[], byte[]>> Report { get; }

    /// <summary>The first error, or null; when all were acknowledged or refused.</summary>
    public Task<Error?> Done => _done.Task;

    /// <summary>The first error so far, or null.</summary>
    public Error? Failure => Volatile.Read(ref _error);

    public void Add() => Interlocked.Increment(ref _open);

    /// <summary>Takes back an <see cref="Add"/> whose record was not taken, or says that nothing more comes.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _done.SetResult(_error);
        }
    }

    private void OnReport(DeliveryReport<byte[], byte[]> report)
    {
        if (report.Error.IsError)
        {
            Interlocked.CompareExchange(ref _error, report.Error, null);
        }

        Release();
    }
}
