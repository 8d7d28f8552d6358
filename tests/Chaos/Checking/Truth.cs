using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Local;

namespace ECapture.Tests.Chaos.Checking;

/// <summary>What was produced: all that the agents' local logs hold. A group that never commits keeps everything there.</summary>
internal sealed class Truth
{
    private const string Group = "truth";

    /// <summary>Every stream.</summary>
    public Dictionary<StreamId, StreamSummary> Streams { get; } = [];

    /// <summary>Loss events of each run, and the records they declare.</summary>
    public Dictionary<Guid, (long Events, long Records)> Losses { get; } = [];

    /// <summary>Where the partitions of the log that was read last end.</summary>
    public Dictionary<TopicPartition, long> Ends { get; } = [];

    /// <summary>What is wrong in the logs themselves.</summary>
    public List<string> Faults { get; } = [];

    public long Events => Streams.Values.Sum(stream => stream.Events);

    public IEnumerable<Guid> Runs => Streams.Keys.Select(stream => stream.Run).Distinct();

    /// <summary>Makes a log that keeps everything until it was read here.</summary>
    public static async Task PrepareAsync(string directory)
    {
        LocalLog.Make(directory, new LocalLogOptions());
        await using LocalLogConsumer _ = LocalLog.OpenConsumer(directory, Group, Topics.All);
    }

    /// <summary>Reads a whole log.</summary>
    public async Task AddAsync(string directory, CancellationToken cancellationToken)
    {
        await using LocalLogConsumer log = LocalLog.OpenConsumer(directory, Group, Topics.All);
        Dictionary<TopicPartition, (long At, long End)> places = [];
        bool isEmpty = false;
        while (!isEmpty || places.Count == 0 || places.Values.Any(place => place.At < place.End))
        {
            Delivery delivery = await log.ReceiveAsync(TimeSpan.FromMilliseconds(200), cancellationToken);
            isEmpty = delivery.Kind == DeliveryKind.None;
            switch (delivery.Kind)
            {
                case DeliveryKind.Assigned:
                    Ends[delivery.Partition] = (await log.GetBoundsAsync(delivery.Partition, cancellationToken)).Next;
                    places[delivery.Partition] = (0, Ends[delivery.Partition]);
                    log.Seek(delivery.Partition, 0);
                    break;
                case DeliveryKind.Records:
                    Add(delivery.Partition, delivery.Records.Span);
                    places[delivery.Partition] = (delivery.Records.Span[^1].Offset + 1, places[delivery.Partition].End);
                    break;
            }
        }
    }

    private void Add(TopicPartition partition, ReadOnlySpan<LogRecord> records)
    {
        foreach (ref readonly LogRecord record in records)
        {
            ReadOnlySpan<byte> bytes = record.Value.Span;
            if (!EventReader.TryRead(bytes, out EventFields fields) || Encoding.UTF8.GetString(fields.Topic.Of(bytes)) != partition.Topic)
            {
                Faults.Add($"offset {record.Offset} of {partition} is no event of that topic");
                continue;
            }

            StreamId id = new(partition.Topic, new Guid(fields.Run.Of(bytes), bigEndian: true), (int)fields.Partition);
            StreamSummary known = Streams.GetValueOrDefault(id, new StreamSummary(0, 0, 0, -1, 0));
            if ((long)fields.Sequence != known.Last + 1)
            {
                Faults.Add($"the local log has sequence {fields.Sequence} of {id} after {known.Last}");
            }

            Streams[id] = new StreamSummary(known.Events + 1, known.Sequences + 1, 0, (long)fields.Sequence, known.Digest + Digest(bytes));
            if (partition.Topic == Topics.Agent && Event.Parser.ParseFrom(bytes) is { PayloadCase: Event.PayloadOneofCase.Loss } loss)
            {
                (long events, long declared) = Losses.GetValueOrDefault(id.Run);
                Losses[id.Run] = (events + 1, declared + (long)loss.Loss.Records);
            }
        }
    }

    // MD5 because both stores have it; it guards against accidents, not against anybody.
#pragma warning disable CA5351
    private static uint Digest(ReadOnlySpan<byte> bytes)
    {
        Span<byte> md5 = stackalloc byte[MD5.HashSizeInBytes];
        MD5.HashData(bytes, md5);
        return BinaryPrimitives.ReadUInt32BigEndian(md5);
    }
#pragma warning restore CA5351
}
