namespace ECapture.Sink.DeadLetters;

/// <summary>A row of <c>dead_letter</c>.</summary>
/// <param name="Id">Where its record is.</param>
/// <param name="At">When the sink kept it, milliseconds of the epoch.</param>
/// <param name="Kind">undecodable, invalid, too_large or refused.</param>
/// <param name="Error">Why it is no row.</param>
/// <param name="Length">Bytes of the record.</param>
/// <param name="IsResolved">True when it was tried again and its event is stored now.</param>
internal sealed record StoredDeadLetter(DeadLetterId Id, long At, string Kind, string Error, long Length, bool IsResolved)
{
    /// <summary>The record's value; only where it was asked for.</summary>
    public byte[] Bytes { get; init; } = [];
}
