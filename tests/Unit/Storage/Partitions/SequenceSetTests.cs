using ECapture.Storage.Partitions;

namespace ECapture.Tests.Unit.Storage.Partitions;

public sealed class SequenceSetTests
{
    [Fact]
    public void Contains_RandomSequences_AsAPlainSetSays()
    {
        Random random = new(5);
        Guid[] runs = [Guid.NewGuid(), Guid.NewGuid()];
        HashSet<(Guid, int, ulong)> plain = [];
        for (int i = 0; i < 2_000; i++)
        {
            plain.Add((runs[random.Next(2)], random.Next(2), (ulong)random.Next(1_500)));
        }

        SequenceSet set = new();
        foreach ((Guid run, int partition, ulong sequence) in plain.Order())
        {
            set.Add(run, partition, sequence);
            set.Add(run, partition, sequence); // a row that is there twice
        }

        foreach (Guid run in runs.Append(Guid.NewGuid()))
        {
            for (ulong sequence = 0; sequence < 1_510; sequence++)
            {
                Assert.Equal(plain.Contains((run, 0, sequence)), set.Contains(run, 0, sequence));
                Assert.Equal(plain.Contains((run, 1, sequence)), set.Contains(run, 1, sequence));
            }
        }
    }
}
