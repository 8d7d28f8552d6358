using ECapture.Events.Formatting;

namespace ECapture.Query.Requests;

/// <summary>A parameter of a search cannot be used. The message is one line for the user: which, its value, what is valid.</summary>
public sealed class ParameterException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="parameter">Its name.</param>
    /// <param name="value">What was given; null when the parameter itself is unknown.</param>
    /// <param name="valid">What would be valid, to follow "valid is".</param>
    public ParameterException(string parameter, string? value, string valid)
        : base(value is null
            ? $"unknown parameter '{Printable.Of(parameter)}'; {valid}"
            : $"parameter '{parameter}': '{Printable.Of(value)}' is not valid; valid is {valid}")
    {
        Parameter = parameter;
        Value = value;
        Valid = valid;
    }

    /// <summary>Name of the parameter.</summary>
    public string Parameter { get; }

    /// <summary>Its value, or null when the parameter is unknown.</summary>
    public string? Value { get; }

    /// <summary>What would be valid.</summary>
    public string Valid { get; }
}
