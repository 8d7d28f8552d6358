namespace ECapture.Storage.Partitions;

/// <summary>Sequences by stream, kept as ranges: they are nearly contiguous.</summary>
public sealed class SequenceSet
{
    private readonly Dictionary<(Guid Run, int Partition), List<(ulong First, ulong Last)>> _streams = [];

    /// <summary>Adds a sequence that is not below those of its stream before it.</summary>
    public void Add(Guid run, int partition, ulong sequence)
    {
        if (!_streams.TryGetValue((run, partition), out List<(ulong First, ulong Last)>? ranges))
        {
            _streams.Add((run, partition), ranges = []);
        }

        if (ranges.Count > 0 && sequence <= ranges[^1].Last + 1)
        {
            ranges[^1] = (ranges[^1].First, Math.Max(ranges[^1].Last, sequence));
        }
        else
        {
            ranges.Add((sequence, sequence));
        }
    }

    /// <summary>True when it was added.</summary>
    public bool Contains(Guid run, int partition, ulong sequence)
    {
        if (!_streams.TryGetValue((run, partition), out List<(ulong First, ulong Last)>? ranges))
        {
            return false;
        }

        int low = 0;
        int high = ranges.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (sequence < ranges[middle].First)
            {
                high = middle - 1;
            }
            else if (sequence > ranges[middle].Last)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }
}
