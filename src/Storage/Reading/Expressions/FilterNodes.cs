namespace ECapture.Storage.Reading.Expressions;

internal sealed record Conjunction(IReadOnlyList<FilterExpression> Parts) : FilterExpression
{
    internal override IReadOnlyList<ulong> NamedConnections => Parts.Select(p => p.NamedConnections).FirstOrDefault(named => named.Count > 0) ?? [];

    public override bool UsesPayload => Parts.Any(p => p.UsesPayload);
}

internal sealed record Disjunction(IReadOnlyList<FilterExpression> Parts) : FilterExpression
{
    public override bool UsesPayload => Parts.Any(p => p.UsesPayload);
}

internal sealed record Negation(FilterExpression Inner) : FilterExpression
{
    public override bool UsesPayload => Inner.UsesPayload;
}

/// <summary>True when a value compares: several only with Equal and NotEqual, the latter when none equals.</summary>
internal sealed record Comparison(FilterField Field, FilterOperator Operator, IReadOnlyList<FilterValue> Values) : FilterExpression
{
    internal override IReadOnlyList<ulong> NamedConnections =>
        Field.Name == "connection" && Operator == FilterOperator.Equal ? [.. Values.Select(v => v.Id)] : [];

    public override bool UsesPayload => Field.IsPayload;
}
