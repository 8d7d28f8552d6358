namespace ECapture.Query.Keys;

/// <summary>Whether the stored secrets of the same recipients can be opened here.</summary>
/// <param name="Recipients">Ids of the keys, any of which opens them; none: they are not sealed.</param>
/// <param name="Secrets">How many.</param>
/// <param name="First">Time of the oldest, nanoseconds of the Unix epoch.</param>
/// <param name="Last">Time of the newest.</param>
/// <param name="State">What became of the attempt to open the newest.</param>
public sealed record KeyUse(IReadOnlyList<string> Recipients, long Secrets, long First, long Last, KeyUseState State);
