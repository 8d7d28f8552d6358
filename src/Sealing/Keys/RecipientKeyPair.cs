using System.Security.Cryptography;

namespace ECapture.Sealing.Keys;

/// <summary>A recipient's private key with its public one: who has it opens what is sealed for it. Losing it loses what was sealed.</summary>
public sealed class RecipientKeyPair : IDisposable
{
    private static readonly PbeParameters s_backup = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 600_000);

    private RecipientKeyPair(ECDiffieHellman key)
    {
        Key = key;
        Id = RecipientKey.IdOf(key);
    }

    /// <summary>As <see cref="RecipientKey.Id"/>.</summary>
    public string Id { get; }

    internal ECDiffieHellman Key { get; }

    /// <summary>Makes a new one.</summary>
    public static RecipientKeyPair Create() => new(ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>The public half.</summary>
    public RecipientKey PublicKey()
    {
        ECDiffieHellman copy = ECDiffieHellman.Create();
        copy.ImportSubjectPublicKeyInfo(Key.ExportSubjectPublicKeyInfo(), out _);
        return new RecipientKey(copy);
    }

    /// <summary>The private key as a PEM block <c>PRIVATE KEY</c> (PKCS #8, RFC 5958), not encrypted.</summary>
    public string ExportPem() => Key.ExportPkcs8PrivateKeyPem() + "\n";

    /// <summary>The private key as a PEM block <c>ENCRYPTED PRIVATE KEY</c>: PBES2 (RFC 8018) with PBKDF2-SHA-256, 600,000 rounds, and AES-256-CBC.</summary>
    /// <param name="passphrase">What it opens with.</param>
    public string ExportEncryptedPem(string passphrase) => Key.ExportEncryptedPkcs8PrivateKeyPem(passphrase, s_backup) + "\n";

    /// <summary>Reads a private key.</summary>
    /// <param name="pem">One PEM block <c>PRIVATE KEY</c>, <c>EC PRIVATE KEY</c> or <c>ENCRYPTED PRIVATE KEY</c> of the curve P-256.</param>
    /// <param name="passphrase">Of an encrypted one.</param>
    /// <exception cref="CryptographicException">It is none, or the passphrase is another.</exception>
    public static RecipientKeyPair Import(ReadOnlySpan<char> pem, string? passphrase = null)
    {
        ECDiffieHellman key = ECDiffieHellman.Create();
        try
        {
            if (passphrase is null)
            {
                key.ImportFromPem(pem);
            }
            else
            {
                key.ImportFromEncryptedPem(pem, passphrase);
            }

            RecipientKey.RequireP256(key);
            CryptographicOperations.ZeroMemory(key.ExportParameters(includePrivateParameters: true).D); // throws for a public key
            return new RecipientKeyPair(key);
        }
        catch (Exception e) when (e is ArgumentException)
        {
            key.Dispose();
            throw new CryptographicException("it holds no private key that can be read", e);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Key.Dispose();
}
