namespace ECapture.Protocols.Http.Http1;

/// <summary>Start lines (RFC 9112 sections 3 and 4), read tolerantly where no other reading is possible.</summary>
internal static class StartLine
{
    /// <summary>The longest method taken for one.</summary>
    private const int MaxMethod = 32;

    /// <summary>The methods of the IANA registry that are in use: what a search in the middle of a stream relies on.</summary>
    private static readonly string[] s_known =
    [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE",
        "LOCK", "UNLOCK", "REPORT", "SEARCH", "MKCALENDAR", "MERGE", "PURGE", "QUERY",
    ];

    /// <summary>method SP target SP version. A target with white space in it is taken as it stands.</summary>
    /// <param name="line">Without its end.</param>
    /// <param name="isCut">Whether the end of the line, and so the version, was not kept.</param>
    /// <param name="method">The method.</param>
    /// <param name="target">The target.</param>
    /// <param name="protocol">The version.</param>
    public static bool TryRequest(ReadOnlySpan<byte> line, bool isCut, out ReadOnlySpan<byte> method, out ReadOnlySpan<byte> target, out HttpProtocol protocol)
    {
        target = default;
        protocol = HttpProtocol.Http11;
        line = line.TrimEnd(" \t"u8);
        int space = line.IndexOf((byte)' ');
        method = space < 0 ? default : line[..space];
        if (space is <= 0 or > MaxMethod || !HttpSyntax.IsToken(method))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = HttpSyntax.Trim(line[(space + 1)..]);
        if (isCut)
        {
            target = rest;
            return IsKnown(method) && !rest.IsEmpty;
        }

        int last = rest.LastIndexOf((byte)' ');
        if (last <= 0 || !TryVersion(rest[(last + 1)..], out protocol))
        {
            return false;
        }

        target = HttpSyntax.Trim(rest[..last]);
        return !target.IsEmpty;
    }

    /// <summary>version SP status [SP reason].</summary>
    public static bool TryResponse(ReadOnlySpan<byte> line, out HttpProtocol protocol, out int status, out ReadOnlySpan<byte> reason)
    {
        reason = default;
        status = 0;
        protocol = HttpProtocol.Http11;
        if (line.Length < 12 || line[8] != ' ' || !TryVersion(line[..8], out protocol))
        {
            return false;
        }

        ReadOnlySpan<byte> digits = line.Slice(9, 3);
        if (!HttpSyntax.TryParseLength(digits, out long number) || number < 100 || (line.Length > 12 && line[12] != ' '))
        {
            return false;
        }

        status = (int)number;
        reason = line.Length > 13 ? line[13..] : default;
        return true;
    }

    /// <summary>Whether this is the first line of the HTTP/2 preface (RFC 9113 section 3.4).</summary>
    public static bool IsPreface(ReadOnlySpan<byte> line) => line.SequenceEqual("PRI * HTTP/2.0"u8);

    /// <summary>Where, in a line that may begin within a body, a request line begins that goes to its end; -1 when nowhere.</summary>
    public static int FindRequest(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> trimmed = line.TrimEnd(" \t\r"u8);
        if (trimmed.Length < 12 || trimmed[^9] != ' ' || !TryVersion(trimmed[^8..], out _))
        {
            return -1;
        }

        ReadOnlySpan<byte> before = trimmed[..^9];
        int space = before.LastIndexOf((byte)' ');
        if (space < 0 || space + 1 >= before.Length)
        {
            return -1;
        }

        foreach (string known in s_known)
        {
            if (space >= known.Length && System.Text.Ascii.Equals(before[(space - known.Length)..space], known))
            {
                // "xPOST /" is the end of a body and a request; where one method ends another ("HEAD" has no such pair), the longest wins.
                int start = space - known.Length;
                return Longest(before[..space], start);
            }
        }

        return -1;
    }

    /// <summary>Where, in a line that may begin within a body, a status line begins that goes to its end; -1 when nowhere.</summary>
    public static int FindResponse(ReadOnlySpan<byte> line)
    {
        int at = line.LastIndexOf("HTTP/1."u8);
        return at >= 0 && TryResponse(line[at..].TrimEnd("\r"u8), out _, out _, out _) ? at : -1;
    }

    private static int Longest(ReadOnlySpan<byte> text, int start)
    {
        int best = start;
        foreach (string known in s_known)
        {
            int at = text.Length - known.Length;
            if (at >= 0 && at < best && System.Text.Ascii.Equals(text[at..], known))
            {
                best = at;
            }
        }

        return best;
    }

    private static bool IsKnown(ReadOnlySpan<byte> method)
    {
        foreach (string known in s_known)
        {
            if (System.Text.Ascii.Equals(method, known))
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryVersion(ReadOnlySpan<byte> text, out HttpProtocol protocol)
    {
        protocol = text.Length == 8 && text[7] == '0' ? HttpProtocol.Http10 : HttpProtocol.Http11;
        return text.Length == 8 && text.StartsWith("HTTP/1."u8) && text[7] is >= (byte)'0' and <= (byte)'9';
    }
}
