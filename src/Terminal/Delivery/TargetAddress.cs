namespace ECapture.Terminal.Delivery;

/// <summary>Where <c>--logaddr</c> and <c>--eventaddr</c> lead: <c>tcp://host:port</c>, <c>ws://…</c>, <c>wss://…</c>, or a file.</summary>
/// <param name="Text">As it was given.</param>
/// <param name="Server">The server; null: a file.</param>
internal sealed record TargetAddress(string Text, Uri? Server)
{
    /// <summary>Reads an address.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    internal static TargetAddress Parse(string text)
    {
        if (text.Length == 0)
        {
            throw new FormatException("names no file and no server");
        }

        if (!text.Contains("://", StringComparison.Ordinal))
        {
            return new TargetAddress(text, null);
        }

        return Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "tcp" or "ws" or "wss" && uri.Host.Length > 0
            && uri.UserInfo.Length == 0 && (uri.Scheme != "tcp" || (uri.Port > 0 && uri.PathAndQuery is "" or "/"))
            ? new TargetAddress(text, uri)
            : throw new FormatException($"'{text}' is none of tcp://host:port, ws://host:port/path, wss://host:port/path and a file");
    }
}
