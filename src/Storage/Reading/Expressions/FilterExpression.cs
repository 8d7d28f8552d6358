namespace ECapture.Storage.Reading.Expressions;

/// <summary>
/// A condition on events in this program's filter language, for example <c>process == "curl" and (port == 443 or sql ~ "drop table")</c>. Its grammar and the meaning of
/// each operator are in docs/query.md, "Filter expressions"; it means the same in every store.
/// </summary>
public abstract record FilterExpression
{
    /// <summary>Longest text, in characters.</summary>
    public const int MaximumLength = 8192;

    private protected FilterExpression()
    {
    }

    /// <summary>True when it asks for what was said (plaintext, statements, commands), not only for who spoke.</summary>
    public abstract bool UsesPayload { get; }

    /// <summary>Connection ids, one of which every event has that the expression is true for; empty when it does not say.</summary>
    internal virtual IReadOnlyList<ulong> NamedConnections => [];

    /// <summary>Reads an expression.</summary>
    /// <param name="text">At most <see cref="MaximumLength"/> characters.</param>
    /// <exception cref="FilterSyntaxException">It is none; the exception says where and why.</exception>
    public static FilterExpression Parse(string text) => new FilterParser(text).Read();

    /// <summary>Both must hold; null stands for a condition that always holds.</summary>
    public static FilterExpression? Both(FilterExpression? first, FilterExpression? second) =>
        first is null ? second : second is null ? first : new Conjunction([first, second]);
}
