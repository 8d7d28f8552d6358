using ECapture.Storage.Partitions;

namespace ECapture.Tests.Unit.Storage.Partitions;

public sealed class PartitionSpanTests
{
    [Theory]
    [InlineData(PartitionUnit.Day, "20261120", 0, 24)]
    [InlineData(PartitionUnit.Hour, "2026112007", 7, 8)]
    public void Of_Time_NameAndBoundsAreUtc(PartitionUnit unit, string name, int fromHour, int toHour)
    {
        DateTimeOffset day = new(2026, 11, 20, 0, 0, 0, TimeSpan.Zero);
        DateTimeOffset time = day.AddHours(7.5);

        PartitionSpan span = PartitionSpan.Of(time, unit);

        Assert.Equal(name, span.Name);
        Assert.Equal((day.AddHours(fromHour), day.AddHours(toHour)), (span.From, span.To));
        Assert.Equal(span, PartitionSpan.Of((ulong)time.ToUnixTimeMilliseconds() * 1_000_000, unit));
        Assert.Equal(span, PartitionSpan.Parse(name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026112")]
    [InlineData("20261345")]
    [InlineData("2026112024")]
    [InlineData("19691231")]
    [InlineData("backup")]
    public void Parse_NoPartition_IsNull(string name) => Assert.Null(PartitionSpan.Parse(name));

    [Fact]
    public void Missing_NothingThere_MakesTheSpan()
    {
        PartitionSpan day = PartitionSpan.Parse("20261120")!.Value;
        PartitionSpan hour = PartitionSpan.Parse("2026112007")!.Value;

        Assert.Equal([day], PostgresPartitions.Missing(new HashSet<PartitionSpan>(), day));
        Assert.Equal([hour], PostgresPartitions.Missing(new HashSet<PartitionSpan>(), hour));
    }

    [Fact]
    public void Missing_DayIsThere_HoursOfItNeedNothing()
    {
        PartitionSpan day = PartitionSpan.Parse("20261120")!.Value;

        Assert.Empty(PostgresPartitions.Missing(new HashSet<PartitionSpan> { day }, PartitionSpan.Parse("2026112007")!.Value));
        Assert.Single(PostgresPartitions.Missing(new HashSet<PartitionSpan> { day }, PartitionSpan.Parse("2026112100")!.Value));
    }

    [Fact]
    public void Missing_HoursAreThere_DayIsCoveredByTheOtherHours()
    {
        HashSet<PartitionSpan> existing = [PartitionSpan.Parse("2026112007")!.Value, PartitionSpan.Parse("2026112023")!.Value];

        PartitionSpan[] missing = [.. PostgresPartitions.Missing(existing, PartitionSpan.Parse("20261120")!.Value)];

        Assert.Equal(22, missing.Length);
        Assert.All(missing, span => Assert.DoesNotContain(span, existing));
        Assert.All(missing, span => Assert.Equal("20261120", span.Day.Name));
    }
}
