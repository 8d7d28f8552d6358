using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace ECapture.Query.Callers;

/// <summary>
/// The parameters of a request as they are recorded and shown to who approves it: decoded, so that people can read them, and with <c>%25</c>, <c>%26</c> and (in names) <c>%3D</c> for
/// the three characters that separate them. So two requests that ask for different things never have the same text, and no value looks like a parameter.
/// </summary>
internal static class AskedText
{
    /// <summary>The text; empty without parameters, else it begins with a question mark.</summary>
    public static string Of(QueryString query)
    {
        StringBuilder text = new();
        foreach (QueryStringEnumerable.EncodedNameValuePair pair in new QueryStringEnumerable(query.Value))
        {
            text.Append(text.Length == 0 ? '?' : '&').Append(Shown(pair.DecodeName().Span).Replace("=", "%3D", StringComparison.Ordinal))
                .Append('=').Append(Shown(pair.DecodeValue().Span));
        }

        return text.ToString();
    }

    private static string Shown(ReadOnlySpan<char> text) =>
        text.ToString().Replace("%", "%25", StringComparison.Ordinal).Replace("&", "%26", StringComparison.Ordinal);
}
