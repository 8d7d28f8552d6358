using ECapture.Log.Forwarding;

namespace ECapture.Tests.Unit.Log;

public sealed class StreamRoutingTests
{
    // Published vectors of FNV-1a, 32 bits: where streams go must be the same in every version.
    [Theory]
    [InlineData("", 0x811c9dc5u)]
    [InlineData("a", 0xe40c292cu)]
    [InlineData("foobar", 0xbf9cf968u)]
    public void Hash_KnownText_PublishedValue(string host, uint expected) => Assert.Equal(expected, StreamRouting.Hash(host));

    [Theory]
    [InlineData(0, "foobar", 1, 0)]
    [InlineData(0, "foobar", 7, (int)(0xbf9cf968u % 7))]
    [InlineData(1, "foobar", 7, (int)((0xbf9cf968u + 1) % 7))]
    [InlineData(int.MaxValue, "a", 10_000, (int)((0xe40c292cuL + int.MaxValue) % 10_000))]
    public void KafkaPartition_AnyInput_InRangeAndStable(int partition, string host, int count, int expected) =>
        Assert.Equal(expected, StreamRouting.KafkaPartition(partition, host, count));

    [Fact]
    public void KafkaPartition_NeighbouringPartitions_Differ()
    {
        int[] places = [.. Enumerable.Range(0, 6).Select(p => StreamRouting.KafkaPartition(p, "host", 6))];
        Assert.Equal(6, places.Distinct().Count());
    }
}
