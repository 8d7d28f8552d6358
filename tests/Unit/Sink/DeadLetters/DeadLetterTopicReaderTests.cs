using System.Runtime.CompilerServices;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Sink.DeadLetters;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Sink.DeadLetters;

public sealed class DeadLetterTopicReaderTests
{
    [Fact]
    public async Task Read_RecordsThatClaimMoreThanTheLimit_AreLeftOutAndOthersCome()
    {
        List<DeadLetterPart> said = [];
        for (int i = 0; i < 100; i++)
        {
            said.Add(Part(offset: 1, length: 10_000, position: i * 100, new byte[100]));
        }

        said.Add(Part(offset: 2, length: 150, position: 0, [.. Enumerable.Repeat((byte)'a', 100)]));
        said.Add(Part(offset: 2, length: 150, position: 100, [.. Enumerable.Repeat((byte)'b', 50)]));

        DeadLetterTopicReader reader = new(new PartLog(said), maxBytes: 1000);
        List<StoredDeadLetter> letters = await reader.ReadAsync(null, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        StoredDeadLetter letter = Assert.Single(letters);
        Assert.Equal(2, letter.Id.Offset);
        Assert.Equal(new string('a', 100) + new string('b', 50), System.Text.Encoding.ASCII.GetString(letter.Bytes));
    }

    [Fact]
    public async Task Read_RecordAsLargeAsTheLimit_IsWhole()
    {
        DeadLetterTopicReader reader = new(new PartLog([Part(1, 1000, 0, new byte[500]), Part(1, 1000, 500, new byte[500])]), maxBytes: 1000);

        Assert.Equal(1000, Assert.Single(await reader.ReadAsync(null, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken)).Length);
    }

    private static DeadLetterPart Part(ulong offset, ulong length, int position, byte[] data) => new()
    {
        Log = "l",
        Topic = Topics.Tls,
        Offset = offset,
        Kind = "undecodable",
        Store = "s",
        Length = length,
        Position = (ulong)position,
        Data = ByteString.CopyFrom(data),
    };

    private sealed class PartLog(IReadOnlyList<DeadLetterPart> parts) : ILogReader
    {
        public string LogId => "l";

        public ValueTask<IReadOnlyList<TopicPartition>> PartitionsAsync(CancellationToken cancellationToken) => new([new TopicPartition(Topics.DeadLetters(Topics.Tls), 0)]);

        public ValueTask<(long First, long Next)> GetBoundsAsync(TopicPartition partition, CancellationToken cancellationToken) => new((0, parts.Count));

        public async IAsyncEnumerable<ReadOnlyMemory<LogRecord>> ReadAsync(TopicPartition partition, long from, long to, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            yield return parts.Select((part, i) => new LogRecord(i, default, part.ToByteArray())).ToArray();
        }

        public ValueTask DisposeAsync() => default;
    }
}
