namespace ECapture.Sink.Delivery;

/// <summary>A dead letter with the bytes of its record.</summary>
/// <param name="letter">Where it was and why it is none.</param>
/// <param name="bytes">The record's value.</param>
public sealed class DeadRecord(DeadLetter letter, byte[] bytes)
{
    /// <summary>Where it was and why it is no row.</summary>
    public DeadLetter Letter { get; } = letter;

    /// <summary>The record's value.</summary>
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>True when its topic of dead letters has it: a store that is asked again does not make it be said again.</summary>
    internal bool IsOnTopic { get; set; }
}
