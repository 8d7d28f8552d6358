namespace ECapture.Storage.Reading;

/// <summary>SQL statements that differ in their literals alone, as one.</summary>
/// <param name="Topic">Short name of the module.</param>
/// <param name="Fingerprint">What they have in common.</param>
/// <param name="Count">How many.</param>
/// <param name="Errors">Of them, those that failed.</param>
/// <param name="Rows">Rows returned or affected, where known.</param>
/// <param name="TotalNs">Time of all of them, in nanoseconds.</param>
/// <param name="LongestNs">Time of the longest.</param>
/// <param name="First">Time of the first in nanoseconds of the Unix epoch.</param>
/// <param name="Last">Time of the last.</param>
public sealed record StatementGroup(string Topic, ulong Fingerprint, long Count, long Errors, long Rows, long TotalNs, long LongestNs, long First, long Last);
