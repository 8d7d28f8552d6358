namespace ECapture.Storage.Reading.Expressions;

/// <summary>A filter expression cannot be read. The message is one line for the user, without the place.</summary>
public sealed class FilterSyntaxException : FormatException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="column">Where it goes wrong: characters from the left, from 1.</param>
    /// <param name="message">What is wrong there, and what would be valid.</param>
    public FilterSyntaxException(int column, string message)
        : base(message) => Column = column;

    /// <summary>Characters from the left, from 1.</summary>
    public int Column { get; }
}
