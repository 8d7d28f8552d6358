namespace ECapture.Storage.Reading;

/// <summary>How many secrets are sealed to the same recipients.</summary>
/// <param name="Recipients">Ids of the recipients' keys, separated by commas; empty: the secrets are not sealed.</param>
/// <param name="Rows">Secrets.</param>
/// <param name="First">Time of the oldest, nanoseconds of the Unix epoch.</param>
/// <param name="Last">Time of the newest.</param>
public sealed record SealedRows(string Recipients, long Rows, long First, long Last);
