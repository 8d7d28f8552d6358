using ECapture.Sink.DeadLetters;

namespace ECapture.Tests.Unit.Sink.DeadLetters;

public sealed class SaidLettersTests
{
    [Fact]
    public void Add_SaidAgainByItsStoreOrAnother_IsMetOnce()
    {
        SaidLetters said = new(remembered: 3);

        Assert.Equal([true, true, true], Said("one", 3, 7, 9));
        Assert.Equal([false, false, true], Said("one", 7, 9, 12)); // a batch that was run again
        Assert.Equal([false, false], Said("two", 7, 9)); // another store
        Assert.True(said.Add(Letter(8, "refused"), "one")); // refused ones are said behind the others of their batch, day by day
        Assert.True(said.Add(Letter(5, "refused"), "one"));
        Assert.False(said.Add(Letter(8, "refused"), "one"));
        Assert.Equal([true, true, true], Said("one", 13, 14, 15)); // three more: what was before is remembered by its store alone
        Assert.Equal([false, false, false, false], Said("one", 3, 7, 9, 12));
        Assert.Equal([true, false], Said("two", 12, 15));
        Assert.True(said.Add(Letter(3) with { Id = new DeadLetterId("tls", 1, 3, "log") }, "one")); // another partition

        bool[] Said(string store, params long[] offsets) => [.. offsets.Select(offset => said.Add(Letter(offset), store))];
    }

    private static StoredDeadLetter Letter(long offset, string kind = "undecodable") => new(new DeadLetterId("tls", 0, offset, "log"), 0, kind, "bad", 1, IsResolved: false);
}
