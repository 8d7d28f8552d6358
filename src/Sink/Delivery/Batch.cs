using ECapture.Storage.Tables;

namespace ECapture.Sink.Delivery;

/// <summary>Rows on their way into a store, in the form that the store takes.</summary>
public abstract class Batch
{
    // Columns beside the event's bytes, and what a row costs in buffers.
    private const int RowOverhead = 200;

    /// <summary>Events added.</summary>
    public int Rows { get; private set; }

    /// <summary>Dead letters added.</summary>
    public int DeadLetters { get; private set; }

    /// <summary>Bytes that the events take, about.</summary>
    public long Bytes { get; private set; }

    /// <summary>Days (UTC) that the events belong to: each costs a block or a partition.</summary>
    public abstract int Days { get; }

    /// <summary>Adds an event.</summary>
    public void Add(in EventRow row, StreamKey stream)
    {
        Rows++;
        Bytes += row.Bytes.Length + RowOverhead;
        AddRow(row, stream);
    }

    /// <summary>Adds what could not be read.</summary>
    /// <param name="letter">Where it was and why.</param>
    /// <param name="bytes">The record's value.</param>
    public void AddDeadLetter(DeadLetter letter, ReadOnlySpan<byte> bytes)
    {
        DeadLetters++;
        Bytes += bytes.Length + RowOverhead;
        AddLetter(letter, bytes);
    }

    /// <summary>Forgets everything, for the next batch.</summary>
    public void Clear()
    {
        Rows = 0;
        DeadLetters = 0;
        Bytes = 0;
        Reset();
    }

    /// <summary>Adds an event.</summary>
    protected abstract void AddRow(in EventRow row, StreamKey stream);

    /// <summary>Adds a dead letter.</summary>
    protected abstract void AddLetter(DeadLetter letter, ReadOnlySpan<byte> bytes);

    /// <summary>Forgets everything.</summary>
    protected abstract void Reset();
}
