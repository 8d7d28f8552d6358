using System.Net;
using ECapture.Events.Formatting;

namespace ECapture.Query.Api;

/// <summary>The address that the service listens on.</summary>
internal static class ListenAddress
{
    /// <summary>Reads <c>http://127.0.0.1:8080</c>, <c>http://[::1]:0</c>, <c>http://localhost:8080</c>, <c>https://0.0.0.0:8443</c>.</summary>
    /// <exception cref="FormatException">It cannot be used.</exception>
    public static IPEndPoint Parse(string text, bool allowInsecure, bool hasCertificate = false)
    {
        string shown = Printable.Of(text);
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/"
            || uri.UserInfo.Length > 0)
        {
            throw new FormatException($"'{shown}' is no address to listen on: write {QueryServiceOptions.DefaultListen}");
        }

        bool isTls = uri.Scheme == "https";
        if (isTls != hasCertificate)
        {
            throw new FormatException(
                isTls ? $"'{shown}' needs a certificate: give --tls-certificate FILE and --tls-key FILE" : $"'{shown}' is not encrypted, and a certificate was given: write https://");
        }

        IPAddress? address = uri.Host == "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? parsed) ? parsed
            : throw new FormatException($"'{shown}': '{uri.Host}' is no address of this machine; write one in digits, such as 127.0.0.1");
        if (!IPAddress.IsLoopback(address) && !allowInsecure && !isTls)
        {
            throw new FormatException(
                $"'{shown}' can be reached from other machines, and whoever reaches it can read everything that was captured, TLS secrets included: "
                + "listen on 127.0.0.1, or on https:// with --tls-certificate and tokens, or give --insecure-listen if the network keeps others out");
        }

        return new IPEndPoint(address, uri.Port);
    }
}
