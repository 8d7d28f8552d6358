namespace ECapture.Policies;

/// <summary>A policy file cannot be used. The message holds every error, a line each.</summary>
public sealed class PolicyException : Exception
{
    /// <summary>The file cannot be read.</summary>
    public PolicyException(string message)
        : base(message) => Errors = [];

    /// <summary>The file has errors.</summary>
    public PolicyException(string file, IReadOnlyList<PolicyError> errors)
        : base(string.Join('\n', errors.Select(e => e.In(file)))) => Errors = errors;

    /// <summary>Every error, in the order of the file.</summary>
    public IReadOnlyList<PolicyError> Errors { get; }
}
