namespace ECapture.Policies;

/// <summary>What reading a policy file gave.</summary>
/// <param name="Policy">The policy; null when there are errors.</param>
/// <param name="Errors">Every error, in the order of the file.</param>
public sealed record PolicyReading(Policy? Policy, IReadOnlyList<PolicyError> Errors);
