using System.Security.Cryptography;

namespace ECapture.Sealing.Keys;

/// <summary>Files of private keys.</summary>
public static class PrivateKeyFile
{
    private const int MostBytes = 256 << 10;

    /// <summary>True when a passphrase is needed.</summary>
    /// <exception cref="SealingException">The file cannot be read.</exception>
    public static bool IsEncrypted(string path) => PemBlocks.Of(KeyText.Read(path, MostBytes)).Any(b => b.Label == PemBlocks.Encrypted);

    /// <summary>Reads the private keys of a file.</summary>
    /// <param name="path">A file with PEM blocks <c>PRIVATE KEY</c>, <c>EC PRIVATE KEY</c> or <c>ENCRYPTED PRIVATE KEY</c>; public keys beside them are ignored.</param>
    /// <param name="passphrase">Of encrypted ones; null: none was given.</param>
    /// <exception cref="SealingException">It cannot be read, holds none, or the passphrase is another.</exception>
    public static IReadOnlyList<RecipientKeyPair> Read(string path, string? passphrase = null)
    {
        var keys = new List<RecipientKeyPair>();
        foreach ((string label, string block) in PemBlocks.Of(KeyText.Read(path, MostBytes)))
        {
            if (label == PemBlocks.Public)
            {
                continue;
            }

            if (label == PemBlocks.Encrypted && passphrase is null)
            {
                throw new SealingException($"{path} is encrypted with a passphrase: `ecapture key restore {path}` asks for it and keeps the key for the query service");
            }

            try
            {
                keys.Add(RecipientKeyPair.Import(block, label == PemBlocks.Encrypted ? passphrase : null));
            }
            catch (CryptographicException e)
            {
                throw new SealingException(
                    label == PemBlocks.Encrypted
                        ? $"{path}: private key {keys.Count + 1} does not open with this passphrase, or is damaged"
                        : $"{path}: private key {keys.Count + 1} cannot be used: {e.Message}",
                    e);
            }
        }

        return keys.Count > 0 ? keys : throw new SealingException($"{path} holds no private key; a PEM block PRIVATE KEY is expected");
    }
}
