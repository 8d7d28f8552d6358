using ECapture.Log.Local;

namespace ECapture.Tests.Unit.Log;

public sealed class LogOptionsTests
{
    [Fact]
    public void Validate_Defaults_Pass()
    {
        new LocalLogOptions().Validate();
        new LocalConsumerOptions().Validate();
    }

    [Theory]
    [InlineData(1000, 1L << 30, 3600, "SegmentBytes is 1000")]
    [InlineData(1L << 40, 1L << 50, 3600, "SegmentBytes is 1099511627776")]
    [InlineData(1 << 20, 1 << 20, 3600, "MaxBytes is 1048576")]
    [InlineData(1 << 20, 1 << 30, 0, "SegmentAge is 00:00:00")]
    public void Validate_LogOptionOutOfRange_NamesItAndItsValue(long segment, long max, int ageSeconds, string said)
    {
        LocalLogOptions options = new() { SegmentBytes = segment, MaxBytes = max, SegmentAge = TimeSpan.FromSeconds(ageSeconds) };
        Assert.Contains(said, Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100, 20, 1, "Lease is")]
    [InlineData(1000, 0, 1, "Poll is")]
    [InlineData(1000, 2000, 1, "Poll is")]
    [InlineData(1000, 20, 0, "DeliveryBytes is 0")]
    public void Validate_ConsumerOptionOutOfRange_NamesItAndItsValue(int lease, int poll, int bytes, string said)
    {
        LocalConsumerOptions options = new()
        {
            Lease = TimeSpan.FromMilliseconds(lease),
            Poll = TimeSpan.FromMilliseconds(poll),
            DeliveryBytes = bytes,
        };
        Assert.Contains(said, Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
    }
}
