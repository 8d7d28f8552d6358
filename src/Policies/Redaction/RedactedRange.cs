namespace ECapture.Policies.Redaction;

/// <summary>A part of a text that is to be overwritten.</summary>
/// <param name="Start">Its first byte.</param>
/// <param name="End">Behind its last byte.</param>
/// <param name="Rules">A bit for each rule that matched there, in the order of the module's rules.</param>
public readonly record struct RedactedRange(int Start, int End, uint Rules);
