namespace ECapture.Sink.Delivery;

/// <summary>A record that is no row.</summary>
/// <param name="Topic">Topic it was read from.</param>
/// <param name="Partition">Partition of the log.</param>
/// <param name="Offset">Offset in it.</param>
/// <param name="Kind">One of <see cref="DeadLetterKind"/>.</param>
/// <param name="Error">Why it could not be stored.</param>
/// <param name="WallNs">Time of the event where it is believed, nanoseconds of the epoch; else 0.</param>
public readonly record struct DeadLetter(string Topic, int Partition, long Offset, string Kind, string Error, ulong WallNs = 0);
