namespace ECapture.Policies.Redaction;

/// <summary>Values of cookies in Cookie and Set-Cookie fields (RFC 6265); their names and attributes stay.</summary>
internal sealed class Cookies() : HeaderMatcher(["cookie", "set-cookie"], ["cookie"])
{
    private protected override int AddValue(ReadOnlySpan<char> text, string name, int start, int end, MatchList matches)
    {
        int at = start;
        while (at < end)
        {
            int length = text[at..end].IndexOf(';');
            int pairEnd = length < 0 ? end : at + length;
            int equals = text[at..pairEnd].IndexOf('=');
            int value = equals < 0 ? at : at + equals + 1;
            while (value < pairEnd && IsSpace(text[value]))
            {
                value++;
            }

            matches.Add(value, value + text[value..pairEnd].TrimEnd(" \t\r\n").Length);
            if (name == "set-cookie")
            {
                return pairEnd; // what follows are attributes
            }

            at = pairEnd + 1;
        }

        return end;
    }
}
