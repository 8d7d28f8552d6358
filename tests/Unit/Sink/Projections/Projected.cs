using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Sink.Delivery;
using ECapture.Sink.Projections;
using ECapture.Storage.Tables;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Sink.Projections;

/// <summary>Rows of the table http, kept.</summary>
internal sealed class KeptRows : Batch
{
    public List<Event> Events { get; } = [];

    public Dictionary<StreamKey, ulong> Seen { get; } = [];

    public override int Days => 1;

    public override void See(StreamKey stream, ulong sequence) => Seen[stream] = sequence;

    protected override void AddRow(in EventRow row, StreamKey stream)
    {
        Events.Add(Event.Parser.ParseFrom(row.Bytes));
        Assert.Equal(stream.Partition, row.Fields.Partition);
    }

    protected override void Reset() => Events.Clear();
}

/// <summary>A store that holds all plaintext there is.</summary>
internal sealed class KeptHistory(IReadOnlyList<Event> events) : IConnectionHistory
{
    public List<(string Partition, long Offset)> Waited { get; } = [];

    public int Failures { get; set; }

    public Task WaitStoredAsync(PartitionId partition, long offset, CancellationToken cancellationToken)
    {
        Waited.Add((partition.ToString(), offset));
        return Task.CompletedTask;
    }

    public Task<IReadOnlyCollection<ulong>> ConnectionsAsync(string topic, SourceEvent first, CancellationToken cancellationToken)
    {
        if (Failures-- > 0)
        {
            throw new ECapture.Storage.StoreException("away", isTransient: true);
        }

        return Task.FromResult<IReadOnlyCollection<ulong>>([.. events.Where(e => e.Sequence < first.Sequence).Select(e => e.Connection).Distinct()]);
    }

    /// <summary>Events that one question may be answered with.</summary>
    public int MostEvents { get; set; } = int.MaxValue;

    public Task<(IReadOnlyList<ReadOnlyMemory<byte>> Events, bool IsWhole)> EventsAsync(string topic, SourceEvent first, IReadOnlyList<ulong> connections, CancellationToken cancellationToken)
    {
        Event[] found = [.. events.Where(e => e.Sequence < first.Sequence && connections.Contains(e.Connection))];
        return Task.FromResult<(IReadOnlyList<ReadOnlyMemory<byte>>, bool)>(
            ([.. found.TakeLast(MostEvents).Select(e => (ReadOnlyMemory<byte>)e.ToByteArray())], found.Length <= MostEvents));
    }
}

/// <summary>Runs a projection without a sink.</summary>
internal static class Projected
{
    public static PartitionId Partition { get; } = new("log", Topics.Tls, 0);

    public static SourceBatch Batch(IEnumerable<Event> events, Func<Batch>? createRows = null)
    {
        SourceBatch batch = new(createRows ?? (() => new KeptRows()));
        foreach (Event e in events)
        {
            byte[] encoded = e.ToByteArray();
            Assert.True(EventReader.TryRead(encoded, out EventFields fields));
            batch.Add(new EventRow(encoded, ref fields, 0, (long)e.Sequence), new StreamKey(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(e.Run.Span), e.Partition));
        }

        return batch;
    }

    /// <summary>Projects batches in turn; the sink is another one from <paramref name="takenOverAt"/> on.</summary>
    public static async Task<List<Event>> RunAsync(IReadOnlyList<Event> events, int batchEvents, int takenOverAt = int.MaxValue, int mostEvents = int.MaxValue)
    {
        using ProjectionMetrics metrics = new();
        KeptHistory history = new(events) { MostEvents = mostEvents };
        HttpProjection projection = new(Partition, history, metrics);
        projection.Reset(hasPast: false);
        List<Event> rows = [];
        for (int at = 0; at < events.Count;)
        {
            int end = Math.Min(events.Count, at + batchEvents);
            if (at < takenOverAt && end > takenOverAt)
            {
                end = takenOverAt;
            }

            if (at == takenOverAt)
            {
                projection = new HttpProjection(Partition, history, metrics);
                projection.Reset(hasPast: true);
            }

            using CancellationTokenSource patience = new(TimeSpan.FromMinutes(1));
            KeptRows target = new();
            SourceBatch batch = Batch(events.Skip(at).Take(end - at));
            await projection.ProjectAsync(batch, at, target, patience.Token);
            rows.AddRange(target.Events);
            batch.Clear();
            at = end;
        }

        return rows;
    }
}
