namespace ECapture.Storage.Reading;

/// <summary>The end of a shell command or process.</summary>
/// <param name="ExitStatus">As <c>$?</c> shows it.</param>
/// <param name="Time">Nanoseconds of the Unix epoch.</param>
public sealed record StoredResult(int ExitStatus, long Time);
