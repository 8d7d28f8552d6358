namespace ECapture.Sink.Archive;

/// <summary>What bringing an archive back did.</summary>
/// <param name="Archive">Its name.</param>
/// <param name="Restored">Rows that came back.</param>
/// <param name="Present">Rows that were there already.</param>
/// <param name="Hold">The legal hold that keeps them for now.</param>
/// <param name="Until">How long.</param>
public sealed record RestoreResult(string Archive, long Restored, long Present, string Hold, DateTimeOffset Until);
