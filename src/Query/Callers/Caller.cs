using ECapture.Storage.Reading.Expressions;

namespace ECapture.Query.Callers;

/// <summary>Who asks.</summary>
/// <param name="Name">Of the token; <see cref="Local"/> without one.</param>
/// <param name="Role">What he may see.</param>
/// <param name="Filter">A condition that is added to whatever he asks for; null: none.</param>
/// <param name="From">His address.</param>
internal sealed record Caller(string Name, Role Role, FilterExpression? Filter, string From)
{
    /// <summary>Somebody on this machine, who was not asked for a token.</summary>
    public const string Local = "local";

    /// <summary>True when a token said who he is.</summary>
    public bool HasToken { get; init; } = true;
}
