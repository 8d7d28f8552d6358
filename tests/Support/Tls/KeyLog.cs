using ECapture.Events.V1;

namespace ECapture.Tests.Support.Tls;

/// <summary>Key logs as sorted lines (RFC 9850), to compare what was captured with what a program wrote itself.</summary>
public static class KeyLog
{
    public static IReadOnlyList<string> Read(string path) =>
        [.. File.ReadAllLines(path).Where(l => l.Length > 0 && l[0] != '#').Order(StringComparer.Ordinal)];

    public static string Line(TlsSecret secret) =>
        $"{secret.Label} {Convert.ToHexStringLower(secret.ClientRandom.Span)} {Convert.ToHexStringLower(secret.Secret.Span)}";

    public static IReadOnlyList<string> Of(IEnumerable<Event> events) =>
        [.. events.Where(e => e.TlsSecret is not null).Select(e => Line(e.TlsSecret)).Order(StringComparer.Ordinal)];
}
