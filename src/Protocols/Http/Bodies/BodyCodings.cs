namespace ECapture.Protocols.Http;

/// <summary>The codings of a body in the order they were applied (RFC 9110 section 8.4.1, RFC 9112 section 7), at most four.</summary>
internal readonly struct BodyCodings
{
    private readonly uint _codings;

    private BodyCodings(uint codings, int count, bool unsupported)
    {
        _codings = codings;
        Count = count;
        IsUnsupported = unsupported;
    }

    internal enum Coding
    {
        Gzip = 1,
        Deflate = 2,
        Brotli = 3,
    }

    public int Count { get; }

    public bool IsUnsupported { get; }

    public Coding this[int index] => (Coding)((_codings >> (index * 8)) & 0xff);

    public static BodyCodings Of(HttpHeaders headers) => default(BodyCodings).With(headers, "content-encoding"u8).With(headers, "transfer-encoding"u8);

    private BodyCodings With(HttpHeaders headers, ReadOnlySpan<byte> name)
    {
        BodyCodings result = this;
        for (int i = 0; i < headers.Count; i++)
        {
            if (!headers.Is(i, name))
            {
                continue;
            }

            ReadOnlySpan<byte> value = headers[i].Value.Span;
            while (HttpSyntax.TryNextListItem(ref value, out ReadOnlySpan<byte> item))
            {
                result = result.With(HttpSyntax.BeforeParameters(item));
            }
        }

        return result;
    }

    private BodyCodings With(ReadOnlySpan<byte> name)
    {
        Coding coding;
        if (HttpSyntax.EqualsIgnoreCase(name, "gzip"u8) || HttpSyntax.EqualsIgnoreCase(name, "x-gzip"u8))
        {
            coding = Coding.Gzip;
        }
        else if (HttpSyntax.EqualsIgnoreCase(name, "deflate"u8))
        {
            coding = Coding.Deflate;
        }
        else if (HttpSyntax.EqualsIgnoreCase(name, "br"u8))
        {
            coding = Coding.Brotli;
        }
        else
        {
            bool plain = HttpSyntax.EqualsIgnoreCase(name, "identity"u8) || HttpSyntax.EqualsIgnoreCase(name, "chunked"u8)
                || HttpSyntax.EqualsIgnoreCase(name, "aws-chunked"u8);
            return plain ? this : new BodyCodings(_codings, Count, true);
        }

        return Count == 4 ? new BodyCodings(_codings, Count, true) : new BodyCodings(_codings | ((uint)coding << (Count * 8)), Count + 1, IsUnsupported);
    }
}
