using ECapture.Events.Formatting;
using ECapture.Storage.Reading.Expressions;

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

    /// <summary>Creates the exception of a filter expression.</summary>
    /// <param name="parameter">Its name.</param>
    /// <param name="value">The expression.</param>
    /// <param name="error">What is wrong where.</param>
    public ParameterException(string parameter, string value, FilterSyntaxException error)
        : base($"parameter '{parameter}', column {error.Column}: {Printable.Of(error.Message)}", error)
    {
        Parameter = parameter;
        Value = value;
        Valid = error.Message;
        Column = error.Column;
    }

    /// <summary>Name of the parameter.</summary>
    public string Parameter { get; }

    /// <summary>Its value, or null when the parameter is unknown.</summary>
    public string? Value { get; }

    /// <summary>Where in the value it goes wrong, characters from the left from 1; null when it is the value as a whole.</summary>
    public int? Column { get; }

    /// <summary>What would be valid.</summary>
    public string Valid { get; }
}
