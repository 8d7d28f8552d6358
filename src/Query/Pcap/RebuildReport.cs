namespace ECapture.Query.Pcap;

/// <summary>What a rebuilt file holds.</summary>
/// <param name="Sessions">Sessions that the filter matched.</param>
/// <param name="SessionsWithoutSecrets">Of them, those without any secret: not TLS, or not to be decrypted.</param>
/// <param name="Secrets">Key-log lines.</param>
/// <param name="Packets">Packets.</param>
/// <param name="Bytes">Length of the file.</param>
public sealed record RebuildReport(int Sessions, int SessionsWithoutSecrets, long Secrets, long Packets, long Bytes)
{
    /// <summary>Of the sessions, those whose packets were made of their plaintext.</summary>
    public int SyntheticSessions { get; init; }

    /// <summary>What stayed sealed and what would open it, one line for the user; null when nothing did.</summary>
    public string? SecretComplaint { get; init; }
}
