using ECapture.Sink.Delivery;

namespace ECapture.Tests.Unit.Sink;

public sealed class BatchAccountTests
{
    private const ulong Hour = 3_600_000_000_000;

    [Fact]
    public void Hours_RecordsOfEveryKind_AreCountedInTheirHour()
    {
        BatchAccount account = new();
        account.AddEvent(5 * Hour);
        account.AddEvent((6 * Hour) - 1);
        account.AddEvent(6 * Hour);
        account.AddDuplicate(5 * Hour);
        account.AddDeadLetter();
        account.AddGap(7);

        Assert.Equal<(uint, long, long, long, long, long)[]>(
            [(0, 1, 0, 0, 1, 7), (5, 3, 2, 1, 0, 0), (6, 1, 1, 0, 0, 0)],
            [.. account.Hours.Select(h => (h.Hour, h.Records, h.Events, h.Duplicates, h.DeadLetters, h.Gap))]);
    }

    [Theory]
    [InlineData(1L << 32, 0)]
    [InlineData((3L << 32) + 5, 5)]
    public void AddGap_JumpOfTheLocalLog_IsNoGap(long offsets, long expected)
    {
        BatchAccount account = new();
        account.AddGap(offsets);

        Assert.Equal(expected, account.Hours.Sum(h => h.Gap));
    }

    [Fact]
    public void AddDuplicate_HoursWithoutEnd_AreBoundedAndAllCounted()
    {
        BatchAccount account = new();
        for (ulong hour = 1; hour <= 5_000; hour++)
        {
            account.AddDuplicate(hour * Hour);
        }

        Assert.InRange(account.Count, 1, BatchAccount.MaxHours + 1);
        Assert.Equal(5_000, account.Hours.Sum(h => h.Duplicates));
    }

    [Fact]
    public void Clear_NextBatch_BeginsAtZero()
    {
        BatchAccount account = new();
        account.AddEvent(5 * Hour);
        account.Clear();
        account.AddEvent(5 * Hour);

        Assert.Equal(1, Assert.Single(account.Hours).Events);
    }
}
