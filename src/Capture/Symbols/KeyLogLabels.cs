namespace ECapture.Capture.Symbols;

/// <summary>The labels of a TLS key log (RFC 9850, section 2) and the two that OpenSSL adds for key updates.</summary>
public static class KeyLogLabels
{
    /// <summary>Every label that is accepted from a key-log function.</summary>
    public static IReadOnlyList<string> Known { get; } =
    [
        "CLIENT_RANDOM",
        "CLIENT_EARLY_TRAFFIC_SECRET",
        "EARLY_EXPORTER_SECRET",
        "EXPORTER_SECRET",
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
        "CLIENT_TRAFFIC_SECRET_N",
        "SERVER_TRAFFIC_SECRET_N",
    ];

    /// <summary>
    /// How much a call that is handed this label says about the function: the first ones are passed in place everywhere, the others mostly
    /// through variables.
    /// </summary>
    internal static int Weight(string label) => label is "CLIENT_RANDOM" or "EXPORTER_SECRET" or "EARLY_EXPORTER_SECRET" ? 3 : 1;

    /// <summary>The lengths in bytes that a secret of a label can have: 48 for a TLS 1.2 master secret, else the size of the hash.</summary>
    public static bool IsLengthPossible(string label, int length) => label == "CLIENT_RANDOM" ? length == 48 : length is 32 or 48 or 64;
}
