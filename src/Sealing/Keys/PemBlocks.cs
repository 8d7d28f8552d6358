using System.Security.Cryptography;

namespace ECapture.Sealing.Keys;

/// <summary>The PEM blocks of a text (RFC 7468); what stands between them is a comment.</summary>
internal static class PemBlocks
{
    public const string Public = "PUBLIC KEY";
    public const string Encrypted = "ENCRYPTED PRIVATE KEY";

    public static IEnumerable<(string Label, string Text)> Of(string text)
    {
        string rest = text;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            yield return (rest[fields.Label], rest[fields.Location]);
            rest = rest[fields.Location.End..];
        }
    }
}
