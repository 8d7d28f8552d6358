namespace ECapture.Query.Pcap;

/// <summary>What became of the TLS secrets of the matched sessions.</summary>
/// <param name="Lines">Key-log lines in the file.</param>
/// <param name="Sealed">Secrets that stayed sealed: no private key here opens them.</param>
/// <param name="Damaged">Of them, those that a key that is here ought to have opened.</param>
/// <param name="MissingKeys">Ids of the keys that would open the others; one of each secret's is enough.</param>
public sealed record SecretCounts(long Lines, long Sealed, long Damaged, IReadOnlyList<string> MissingKeys)
{
    /// <summary>One line for the user when something stayed sealed, or null.</summary>
    public string? Complaint =>
        Damaged > 0 ? $"{Damaged} TLS secrets were changed on their way and do not open with the key that is here: the record was touched, or the key was replaced"
        : Sealed > 0 ? $"{Sealed} TLS secrets stay sealed: no key here; give the private key {string.Join(" or ", MissingKeys)} with --key FILE, or bring it back with `ecapture key restore`"
        : null;
}
