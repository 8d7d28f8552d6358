namespace ECapture.Query.Pcap.Synthetic;

/// <summary>
/// The server's port of a synthetic stream. Wireshark chooses a dissector by it: on the port of a TLS service it would look for TLS records in what is plaintext.
/// </summary>
internal static class ServerPorts
{
    public const ushort Http = 80;
    public const ushort MySql = 3306;
    public const ushort Postgres = 5432;

    /// <summary>Ports that Wireshark takes for HTTP as they are.</summary>
    private static readonly ushort[] s_http = [80, 3128, 3132, 5985, 8080, 8088, 11371, 1900, 2869, 2710];

    /// <summary>Services over TLS by the ports of the same without it.</summary>
    private static readonly Dictionary<ushort, ushort> s_plain = new()
    {
        [443] = Http,
        [465] = 25,
        [563] = 119,
        [636] = 389,
        [853] = 53,
        [989] = 20,
        [990] = 21,
        [992] = 23,
        [993] = 143,
        [994] = 194,
        [995] = 110,
        [5061] = 5060,
        [5671] = 5672,
        [8883] = 1883,
    };

    private static readonly byte[][] s_starts =
    [
        "GET "u8.ToArray(), "POST "u8.ToArray(), "PUT "u8.ToArray(), "HEAD "u8.ToArray(), "DELETE "u8.ToArray(), "PATCH "u8.ToArray(), "OPTIONS "u8.ToArray(),
        "CONNECT "u8.ToArray(), "TRACE "u8.ToArray(), "HTTP/1."u8.ToArray(), "PRI * HTTP/2.0"u8.ToArray(),
    ];

    /// <summary>The port under which Wireshark shows a stream of plaintext as what it is.</summary>
    /// <param name="port">The port that it had.</param>
    /// <param name="start">The first bytes of the stream that are known.</param>
    public static ushort Of(ushort port, ReadOnlySpan<byte> start)
    {
        if (Array.IndexOf(s_http, port) >= 0)
        {
            return port;
        }

        foreach (byte[] known in s_starts)
        {
            if (start.StartsWith(known))
            {
                return Http;
            }
        }

        return s_plain.GetValueOrDefault(port, port);
    }
}
