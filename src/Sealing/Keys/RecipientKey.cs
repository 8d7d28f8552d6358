using System.Security.Cryptography;
using ECapture.Sealing.Hpke;

namespace ECapture.Sealing.Keys;

/// <summary>The public key of somebody who may open what is sealed for him. It is no secret.</summary>
public sealed class RecipientKey : IDisposable
{
    /// <summary>Characters of a key's id.</summary>
    public const int IdLength = 16;

    internal RecipientKey(ECDiffieHellman key)
    {
        Key = key;
        Id = IdOf(key);
    }

    /// <summary>16 hexadecimal digits: the begin of the SHA-256 of the key's SubjectPublicKeyInfo (RFC 5280, section 4.1).</summary>
    public string Id { get; }

    internal ECDiffieHellman Key { get; }

    /// <summary>The key as a PEM block <c>PUBLIC KEY</c> (RFC 7468, section 13).</summary>
    public string ExportPem() => Key.ExportSubjectPublicKeyInfoPem() + "\n";

    /// <summary>Reads a key.</summary>
    /// <param name="pem">One PEM block <c>PUBLIC KEY</c> of the curve P-256.</param>
    /// <exception cref="CryptographicException">It is none.</exception>
    public static RecipientKey Import(ReadOnlySpan<char> pem)
    {
        ECDiffieHellman key = ECDiffieHellman.Create();
        try
        {
            key.ImportFromPem(pem);
            RequireP256(key);
            return new RecipientKey(key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Key.Dispose();

    internal static string IdOf(ECDiffieHellman key) =>
        Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()).AsSpan(0, IdLength / 2));

    internal static void RequireP256(ECDiffieHellman key)
    {
        if (key.KeySize != 256 || key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value != "1.2.840.10045.3.1.7")
        {
            throw new CryptographicException("it is no key of the curve P-256");
        }
    }
}
