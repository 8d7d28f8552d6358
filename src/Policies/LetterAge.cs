namespace ECapture.Policies;

/// <summary>How long dead letters stay where the policy says so.</summary>
/// <param name="Age">Null: for ever.</param>
public sealed record LetterAge(TimeSpan? Age);
