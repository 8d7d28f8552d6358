namespace ECapture.Protocols.Http.Http1;

/// <summary>How a body ends (RFC 9112 section 6.3).</summary>
internal enum FramingKind
{
    None,
    Length,
    Chunked,
    UntilClose,
}

/// <summary>The framing that a header section gives a body.</summary>
internal readonly record struct BodyFraming(FramingKind Kind, long Length, HttpProblems Problems)
{
    /// <param name="headers">Of the message.</param>
    /// <param name="isResponse">A response without a length lasts until the connection closes; a request has no body then.</param>
    public static BodyFraming Of(HttpHeaders headers, bool isResponse)
    {
        long length = -1;
        bool chunked = false;
        bool coded = false;
        var problems = HttpProblems.None;
        for (int i = 0; i < headers.Count; i++)
        {
            if (headers.Is(i, "transfer-encoding"u8))
            {
                ReadOnlySpan<byte> value = headers[i].Value.Span;
                while (HttpSyntax.TryNextListItem(ref value, out ReadOnlySpan<byte> coding))
                {
                    coded = true;
                    // Only chunked as the last coding delimits the body.
                    chunked = HttpSyntax.EqualsIgnoreCase(HttpSyntax.BeforeParameters(coding), "chunked"u8);
                }
            }
            else if (headers.Is(i, "content-length"u8))
            {
                ReadOnlySpan<byte> value = headers[i].Value.Span;
                bool any = false;
                while (HttpSyntax.TryNextListItem(ref value, out ReadOnlySpan<byte> item))
                {
                    any = true;
                    if (!HttpSyntax.TryParseLength(item, out long number))
                    {
                        problems |= HttpProblems.Malformed;
                    }
                    else if (length >= 0 && number != length)
                    {
                        problems |= HttpProblems.ConflictingLength;
                    }
                    else
                    {
                        length = number;
                    }
                }

                problems |= any ? 0 : HttpProblems.Malformed;
            }
        }

        if (coded)
        {
            problems |= length >= 0 ? HttpProblems.ConflictingLength : 0;
            problems |= !chunked && !isResponse ? HttpProblems.Malformed : 0;
            FramingKind kind = chunked ? FramingKind.Chunked : isResponse ? FramingKind.UntilClose : FramingKind.None;
            return new BodyFraming(kind, 0, problems);
        }

        if (length >= 0)
        {
            return new BodyFraming(length == 0 ? FramingKind.None : FramingKind.Length, length, problems);
        }

        return new BodyFraming(isResponse ? FramingKind.UntilClose : FramingKind.None, 0, problems);
    }
}
