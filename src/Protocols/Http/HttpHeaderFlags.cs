namespace ECapture.Protocols.Http;

/// <summary>What is special about a header field.</summary>
[Flags]
public enum HttpHeaderFlags
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The name stands in a part of the HPACK dynamic table that was not captured; it is empty here, never guessed.</summary>
    NameUnknown = 1,

    /// <summary>The value stands in a part of the HPACK dynamic table that was not captured; it is empty here, never guessed.</summary>
    ValueUnknown = 2,

    /// <summary>The sender asked that the value is never put into a table: a credential as a rule (RFC 7541 section 7.1.3).</summary>
    NeverIndexed = 4,

    /// <summary>The line is no field line: no colon, white space before it, or an empty name (RFC 9112 section 5.1).</summary>
    Malformed = 8,
}
