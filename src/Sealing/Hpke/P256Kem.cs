using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ECapture.Sealing.Hpke;

/// <summary>DHKEM(P-256, HKDF-SHA256) of RFC 9180, sections 4.1 and 7.1: id 0x0010.</summary>
internal static class P256Kem
{
    public const ushort Id = 0x0010;

    /// <summary>Bytes of a serialized public key: the uncompressed point of SEC 1, section 2.3.3.</summary>
    public const int PointLength = 65;

    private const int CoordinateLength = 32;
    private const byte Uncompressed = 4;

    private static readonly LabeledHkdf s_hkdf = new(HashAlgorithmName.SHA256, SuiteId());

    /// <summary>Makes a shared secret and what its recipient needs to make it, too.</summary>
    /// <param name="recipient">The recipient's public key.</param>
    /// <param name="ephemeral">A key pair used this once.</param>
    /// <param name="encapsulated">65 bytes for the recipient.</param>
    public static byte[] Encapsulate(ECDiffieHellman recipient, ECDiffieHellman ephemeral, out byte[] encapsulated)
    {
        encapsulated = PointOf(ephemeral);
        return SharedSecret(ephemeral, recipient, encapsulated, PointOf(recipient));
    }

    /// <summary>Makes the shared secret at the recipient.</summary>
    /// <exception cref="CryptographicException"><paramref name="encapsulated"/> is no point of the curve.</exception>
    public static byte[] Decapsulate(ReadOnlySpan<byte> encapsulated, ECDiffieHellman recipient)
    {
        using ECDiffieHellman ephemeral = ImportPoint(encapsulated);
        return SharedSecret(recipient, ephemeral, encapsulated, PointOf(recipient));
    }

    /// <summary>Reads a public key.</summary>
    /// <exception cref="CryptographicException">It is no point of the curve.</exception>
    public static ECDiffieHellman ImportPoint(ReadOnlySpan<byte> point)
    {
        if (point.Length != PointLength || point[0] != Uncompressed)
        {
            throw new CryptographicException($"a public key of P-256 has {PointLength} bytes, the first of them {Uncompressed}");
        }

        return ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = point.Slice(1, CoordinateLength).ToArray(), Y = point[(1 + CoordinateLength)..].ToArray() },
        });
    }

    /// <summary>Serializes a public key.</summary>
    public static byte[] PointOf(ECDiffieHellman key)
    {
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        byte[] point = new byte[PointLength];
        point[0] = Uncompressed;
        parameters.Q.X!.CopyTo(point.AsSpan(1 + CoordinateLength - parameters.Q.X!.Length));
        parameters.Q.Y!.CopyTo(point.AsSpan(PointLength - parameters.Q.Y!.Length));
        return point;
    }

    private static byte[] SharedSecret(ECDiffieHellman own, ECDiffieHellman other, ReadOnlySpan<byte> encapsulated, ReadOnlySpan<byte> recipient)
    {
        using ECDiffieHellmanPublicKey point = other.PublicKey;
        byte[] agreed = own.DeriveRawSecretAgreement(point);
        byte[] key = s_hkdf.Extract([], "eae_prk"u8, agreed);
        CryptographicOperations.ZeroMemory(agreed);
        byte[] secret = s_hkdf.Expand(key, "shared_secret"u8, [.. encapsulated, .. recipient], SHA256.HashSizeInBytes);
        CryptographicOperations.ZeroMemory(key);
        return secret;
    }

    private static byte[] SuiteId()
    {
        byte[] id = [.. "KEM"u8, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(id.AsSpan(3), Id);
        return id;
    }
}
