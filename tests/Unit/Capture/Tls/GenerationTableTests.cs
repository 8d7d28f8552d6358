using ECapture.Capture.Modules.Tls;

namespace ECapture.Tests.Unit.Capture.Tls;

public sealed class GenerationTableTests
{
    [Fact]
    public void Add_ManyMoreThanCapacity_StaysBoundedAndKeepsTheYoung()
    {
        GenerationTable<int, int> table = new(100);
        for (int i = 0; i < 10_000; i++)
        {
            table.Add(i, -i);
            Assert.InRange(table.Count, 1, 100);
        }

        for (int i = 9_950; i < 10_000; i++)
        {
            Assert.True(table.TryGet(i, out int value));
            Assert.Equal(-i, value);
        }

        Assert.False(table.TryGet(0, out _));
    }

    [Fact]
    public void TryGet_EntryInUse_IsNeverForgotten()
    {
        GenerationTable<int, string> table = new(10);
        table.Add(-1, "kept");
        for (int i = 0; i < 1000; i++)
        {
            table.Add(i, "");
            Assert.True(table.TryGet(-1, out string value));
            Assert.Equal("kept", value);
        }
    }
}
