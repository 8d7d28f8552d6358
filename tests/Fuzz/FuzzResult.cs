namespace ECapture.Fuzz;

/// <summary>What a run showed.</summary>
/// <param name="Inputs">Inputs tried.</param>
/// <param name="Bytes">Bytes fed.</param>
/// <param name="SlowestMs">The longest time one input took.</param>
/// <param name="MostKept">The most bytes the parser kept at once, by its own account.</param>
/// <param name="Failure">The first broken promise with the seed that repeats it; null when there is none.</param>
public sealed record FuzzResult(long Inputs, long Bytes, double SlowestMs, long MostKept, string? Failure);
