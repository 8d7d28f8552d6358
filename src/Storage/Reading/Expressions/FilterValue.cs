namespace ECapture.Storage.Reading.Expressions;

/// <summary>A value of a comparison; which part holds it is said by the field's type and the operator.</summary>
internal readonly record struct FilterValue
{
    public long Number { get; init; }

    public ulong Id { get; init; }

    public byte[]? Bytes { get; init; }

    public AddressRange? Address { get; init; }

    public Pattern? Pattern { get; init; }

    /// <summary>Name of a choice.</summary>
    public string? Name { get; init; }
}
