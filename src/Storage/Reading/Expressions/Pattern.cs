namespace ECapture.Storage.Reading.Expressions;

/// <summary>A pattern of <c>=~</c>, over code points. Its own tree, so that every store gets what means the same in its own dialect.</summary>
internal abstract record Pattern
{
    /// <summary>One code point of these ranges, at least one, which are sorted, apart, and hold no surrogates.</summary>
    public sealed record Set(IReadOnlyList<(int First, int Last)> Ranges) : Pattern;

    public sealed record Sequence(IReadOnlyList<Pattern> Parts) : Pattern;

    public sealed record Alternatives(IReadOnlyList<Pattern> Parts) : Pattern;

    /// <summary>At least Minimum times; Maximum is null for any number.</summary>
    public sealed record Repeat(Pattern Inner, int Minimum, int? Maximum) : Pattern;

    /// <summary>The begin of the value.</summary>
    public sealed record Start : Pattern;

    /// <summary>The end of the value.</summary>
    public sealed record End : Pattern;
}
