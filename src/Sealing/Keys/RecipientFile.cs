using System.Security.Cryptography;

namespace ECapture.Sealing.Keys;

/// <summary>Files of public keys: for whom an agent seals.</summary>
public static class RecipientFile
{
    /// <summary>Most recipients: each adds 113 bytes to every secret.</summary>
    public const int MostRecipients = 16;

    private const int MostBytes = 64 << 10;

    /// <summary>Reads the public keys of a file, each once.</summary>
    /// <param name="path">A file with one or more PEM blocks <c>PUBLIC KEY</c>.</param>
    /// <exception cref="SealingException">It cannot be read, or holds something else.</exception>
    public static IReadOnlyList<RecipientKey> Read(string path)
    {
        string text = KeyText.Read(path, MostBytes);
        var keys = new List<RecipientKey>();
        foreach ((string label, string block) in PemBlocks.Of(text))
        {
            if (label != PemBlocks.Public)
            {
                throw new SealingException(
                    $"{path} holds a {label}: only public keys belong into it; a private key that lies here can be read by who must not have it");
            }

            try
            {
                RecipientKey key = RecipientKey.Import(block);
                if (keys.Exists(k => k.Id == key.Id))
                {
                    key.Dispose();
                }
                else
                {
                    keys.Add(key);
                }
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                throw new SealingException($"{path}: public key {keys.Count + 1} cannot be used: {e.Message}; `ecapture key new` makes one", e);
            }
        }

        return keys.Count is > 0 and <= MostRecipients
            ? keys
            : throw new SealingException($"{path} holds {keys.Count} public keys; valid are 1 to {MostRecipients} PEM blocks PUBLIC KEY, as `ecapture key new` writes them");
    }
}
