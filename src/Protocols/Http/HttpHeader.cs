using System.Text;

namespace ECapture.Protocols.Http;

/// <summary>One header field as it was sent (RFC 9110 section 5). Names and values are bytes: nothing says that they are text.</summary>
/// <param name="Name">The name in the case it was sent in.</param>
/// <param name="Value">The value without the white space around it.</param>
/// <param name="Flags">What is special about it.</param>
public readonly record struct HttpHeader(ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Value, HttpHeaderFlags Flags)
{
    /// <summary>Whether a part of the field was not captured.</summary>
    public bool IsUnknown => (Flags & (HttpHeaderFlags.NameUnknown | HttpHeaderFlags.ValueUnknown)) != 0;

    /// <summary>"name: value", each byte a Latin-1 character, "?" for what is unknown; for people and tests.</summary>
    public override string ToString() =>
        ((Flags & HttpHeaderFlags.NameUnknown) != 0 ? "?" : Encoding.Latin1.GetString(Name.Span)) + ": "
        + ((Flags & HttpHeaderFlags.ValueUnknown) != 0 ? "?" : Encoding.Latin1.GetString(Value.Span));
}
