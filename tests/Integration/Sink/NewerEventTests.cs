using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Events;
using ECapture.Tests.Support.Sink;
using Google.Protobuf;

namespace ECapture.Tests.Integration.Sink;

/// <summary>What a newer version wrote is kept as it is, also where this version does not understand it.</summary>
public sealed class NewerEventTests(StoresFixture stores)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_UnknownFieldsAndUnknownPayloads_ComeBackByteForByte(StoreKind kind)
    {
        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
        Guid run = Guid.CreateVersion7();
        RandomEvents random = new(71);
        byte[][] events =
        [
            // A known payload, and after it fields 29 (envelope) and 900 of a later schema.
            [.. random.Next(Topics.Tls, run, 0).ToByteArray(), .. Field(29, "later"), .. Field(900, "much later")],
            // A payload of which this version knows nothing.
            [.. Envelope(run, 1), .. Field(63, "a payload of version 2")],
            // Known and unknown fields in the payload itself.
            [.. Envelope(run, 2), .. Message(Event.TlsDataFieldNumber, [.. Field(TlsData.DataFieldNumber, "bytes"), .. Field(77, "more")])],
        ];
        MemoryLog log = new();
        List<StoredEvent> expected = [];
        for (int i = 0; i < events.Length; i++)
        {
            log.Append(new TopicPartition(Topics.Tls, 0), events[i]);
            expected.Add(new StoredEvent(Topics.Tls, run, 0, i, Convert.ToHexString(events[i])));
        }

        await using SinkRun sink = new(log, store);
        await sink.WaitDrainedAsync(Cancel);

        SinkAssert.Same(expected, await StoredEvents.ReadAsync(store, Cancel));
    }

    private static byte[] Envelope(Guid run, ulong sequence) => new Event
    {
        Run = ByteString.CopyFrom(run.ToByteArray(bigEndian: true)),
        Topic = Topics.Tls,
        Sequence = sequence,
        Schema = 2,
        WallNs = 1_790_000_000_000_000_000,
    }.ToByteArray();

    private static byte[] Field(int number, string text) => Message(number, System.Text.Encoding.UTF8.GetBytes(text));

    private static byte[] Message(int number, byte[] content)
    {
        using MemoryStream bytes = new();
        using (CodedOutputStream output = new(bytes, leaveOpen: true))
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(content));
        }

        return bytes.ToArray();
    }
}
