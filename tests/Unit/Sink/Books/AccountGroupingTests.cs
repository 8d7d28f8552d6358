using ECapture.Sink.Books;
using ECapture.Sink.Delivery;

namespace ECapture.Tests.Unit.Sink.Books;

public sealed class AccountGroupingTests
{
    private static readonly PartitionId s_tls = new("log", "tls", 0);
    private static readonly PartitionId s_other = new("log", "tls", 1);

    [Fact]
    public void Complete_BatchesThatFollowEachOtherOnADay_AreOneGroup()
    {
        AccountGrouping grouping = new();
        grouping.Add(s_tls, 0, 10, day: 1, isMerged: false);
        grouping.Add(s_tls, 10, 25, 1, false);
        grouping.Add(s_tls, 25, 26, 1, false);
        grouping.Add(s_tls, 26, 30, 2, false); // the next day, alone
        grouping.Add(s_other, 30, 40, 2, false); // another partition
        grouping.Add(s_other, 40, 41, 2, false);
        grouping.Add(s_other, 50, 60, 2, false); // behind a hole, which must stay one

        Assert.Equal([new AccountGroup(s_tls, 0, 26, 3), new AccountGroup(s_other, 30, 41, 2)], grouping.Complete());
    }

    [Fact]
    public void Complete_WhoAddedThemUpDied_WhatIsLeftIsNamedAndNotAddedAgain()
    {
        AccountGrouping grouping = new();
        grouping.Add(s_tls, 0, 26, day: 1, isMerged: true);
        grouping.Add(s_tls, 0, 10, 1, false);
        grouping.Add(s_tls, 10, 25, 1, false);
        grouping.Add(s_tls, 26, 30, 1, false);
        grouping.Add(s_tls, 30, 40, 1, false);
        grouping.Add(s_tls, 40, 90, 2, isMerged: true); // nothing of it is left
        grouping.Add(s_other, 50, 60, 2, false); // of another partition

        Assert.Equal([new AccountGroup(s_tls, 0, 26, 0), new AccountGroup(s_tls, 26, 40, 2)], grouping.Complete());
    }
}
