namespace ECapture.Sink.Delivery;

/// <summary>A record that is no event.</summary>
/// <param name="Topic">Topic it was read from.</param>
/// <param name="Partition">Partition of the log.</param>
/// <param name="Offset">Offset in it.</param>
/// <param name="Error">Why it could not be stored.</param>
public readonly record struct DeadLetter(string Topic, int Partition, long Offset, string Error);
