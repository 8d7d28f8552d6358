using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Tables;

namespace ECapture.Tests.Unit.Sink;

/// <summary>A store that counts.</summary>
internal sealed class RecordingDelivery : IDelivery
{
    private readonly Lock _gate = new();
    private readonly List<CountingBatch> _batches = [];

    public int TransientFailures { get; set; }

    public StoreException? Permanent { get; init; }

    /// <summary>So many batches turn out to be another sink's, and the partition goes on where it was.</summary>
    public int Supersedes { get; set; }

    public TimeSpan Delay { get; init; }

    /// <summary>Writes wait for it.</summary>
    public Task Gate { get; init; } = Task.CompletedTask;

    public ResumePoint Point { get; init; } = ResumePoint.Beginning;

    public int Rows { get; private set; }

    public long MostBytes { get; private set; }

    public long Bytes() => Sum(batch => batch.Bytes);

    public long Batched() => Sum(batch => batch.Rows);

    public Batch CreateBatch(EventTable table, BufferPool pool)
    {
        CountingBatch batch = new();
        lock (_gate)
        {
            _batches.Add(batch);
        }

        return batch;
    }

    public Task<ResumePoint> LoadAsync(PartitionId partition, CancellationToken cancellationToken) => Task.FromResult(Point);

    public async Task<WriteOutcome> WriteAsync(PartitionId partition, Plan plan, Batch batch, CancellationToken cancellationToken)
    {
        await Gate.WaitAsync(cancellationToken);
        await Task.Delay(Delay, cancellationToken);
        lock (_gate)
        {
            if (Permanent is not null)
            {
                throw Permanent;
            }

            if (TransientFailures > 0)
            {
                TransientFailures--;
                throw new StoreException("away", isTransient: true);
            }

            if (Supersedes > 0)
            {
                Supersedes--;
                return new WriteOutcome(new ResumePoint(plan.From, null, plan.Positions));
            }

            MostBytes = Math.Max(MostBytes, Bytes());
            Rows += batch.Rows;
            return WriteOutcome.Stored;
        }
    }

    private long Sum(Func<CountingBatch, long> what)
    {
        lock (_gate)
        {
            return _batches.Sum(what);
        }
    }

    private sealed class CountingBatch : Batch
    {
        public override int Days => 1;

        protected override void AddRow(in EventRow row, StreamKey stream)
        {
        }

        protected override void Reset()
        {
        }
    }
}
