using ECapture.Policies;

namespace ECapture.Sink;

/// <summary>How the sink batches and waits. The defaults suit one machine and a server alike.</summary>
public sealed record SinkOptions
{
    /// <summary>Events of a batch after which it is written. 1 to 1,000,000 (one insert of ClickHouse); default 100,000.</summary>
    public int BatchRows { get; init; } = 100_000;

    /// <summary>Bytes of encoded events after which a batch is written. 64 KiB to 256 MiB; default 64 MiB.</summary>
    public int BatchBytes { get; init; } = 64 << 20;

    /// <summary>How long the first event of a batch waits for others. 10 ms to 10 min; default 1 s.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Memory of all batches together, those that fill and those that are written, above which reading stops. At least <see cref="BatchBytes"/>; default
    /// 144 MiB. What comes on top is bounded, too: the delivery that crosses the limit (1 MiB), and one batch that must be run again whole.
    /// </summary>
    public long MaxBufferedBytes { get; init; } = 144 << 20;

    /// <summary>Batches written at once. 1 to 64; default 4.</summary>
    public int MaxConcurrentWrites { get; init; } = 4;

    /// <summary>First wait before a transient failure is tried again; doubles, with jitter. 1 ms to 1 min; default 200 ms.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest such wait. Not below <see cref="RetryDelay"/>; default 30 s.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Says how many bytes of a payload are stored; null: all.</summary>
    public Policy? Policy { get; init; }

    /// <summary>What its metrics are tagged with (<c>work</c>), for more than one sink may work in a process on the same topics; default "events".</summary>
    public string Work { get; init; } = "events";

    /// <summary>How long a sink that is told to end writes what it has read. 0 to 10 min; default 10 s. What is left is read again.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Refuses values out of range.</summary>
    /// <exception cref="ArgumentException">Names every option, its value and its range.</exception>
    public void Validate()
    {
        List<string> errors = [];
        Check(nameof(BatchRows), BatchRows, 1, 1_000_000);
        Check(nameof(BatchBytes), BatchBytes, 1 << 16, 256 << 20);
        Check(nameof(FlushInterval), FlushInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10));
        Check(nameof(MaxBufferedBytes), MaxBufferedBytes, BatchBytes, 64L << 30);
        Check(nameof(MaxConcurrentWrites), MaxConcurrentWrites, 1, 64);
        Check(nameof(RetryDelay), RetryDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        Check(nameof(MaxRetryDelay), MaxRetryDelay, RetryDelay, TimeSpan.FromHours(1));
        Check(nameof(ShutdownGrace), ShutdownGrace, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        if (errors.Count > 0)
        {
            throw new ArgumentException("sink: " + string.Join("; ", errors));
        }

        void Check<T>(string name, T value, T least, T most)
            where T : IComparable<T>
        {
            if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
            {
                errors.Add($"{name} is {value}, it must be from {least} to {most}");
            }
        }
    }
}
