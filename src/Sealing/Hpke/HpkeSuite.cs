using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ECapture.Sealing.Hpke;

/// <summary>
/// Hybrid public key encryption in base mode (RFC 9180) with DHKEM(P-256, HKDF-SHA256): who has a recipient's public key encrypts for him; nobody
/// says who encrypted.
/// </summary>
/// <param name="Kdf">How keys are derived.</param>
/// <param name="Aead">The cipher.</param>
public readonly record struct HpkeSuite(HpkeKdf Kdf, HpkeAead Aead)
{
    private const byte BaseMode = 0;

    /// <summary>HKDF-SHA256 and AES-256-GCM: what this program seals with.</summary>
    public static HpkeSuite Default { get; } = new(HpkeKdf.HkdfSha256, HpkeAead.Aes256Gcm);

    /// <summary>Begins to encrypt for a recipient, with an ephemeral key pair made for this.</summary>
    /// <param name="recipient">The recipient's public key, on P-256.</param>
    /// <param name="info">What the messages are bound to; the recipient must know it.</param>
    /// <param name="encapsulated">65 bytes that the recipient needs.</param>
    public HpkeContext SetUpSender(ECDiffieHellman recipient, ReadOnlySpan<byte> info, out byte[] encapsulated)
    {
        using ECDiffieHellman ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        return SetUpSender(recipient, ephemeral, info, out encapsulated);
    }

    /// <summary>Begins to decrypt what a sender encrypted.</summary>
    /// <param name="encapsulated">What the sender's setup gave.</param>
    /// <param name="recipient">The recipient's key pair, on P-256.</param>
    /// <param name="info">As the sender had it.</param>
    /// <exception cref="CryptographicException"><paramref name="encapsulated"/> is no point of the curve.</exception>
    public HpkeContext SetUpRecipient(ReadOnlySpan<byte> encapsulated, ECDiffieHellman recipient, ReadOnlySpan<byte> info) =>
        Schedule(P256Kem.Decapsulate(encapsulated, recipient), info);

    internal HpkeContext SetUpSender(ECDiffieHellman recipient, ECDiffieHellman ephemeral, ReadOnlySpan<byte> info, out byte[] encapsulated) =>
        Schedule(P256Kem.Encapsulate(recipient, ephemeral, out encapsulated), info);

    // Section 5.1, without a pre-shared key.
    private HpkeContext Schedule(byte[] sharedSecret, ReadOnlySpan<byte> info)
    {
        var hkdf = new LabeledHkdf(Kdf == HpkeKdf.HkdfSha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256, Id());
        byte[] context = [BaseMode, .. hkdf.Extract([], "psk_id_hash"u8, []), .. hkdf.Extract([], "info_hash"u8, info)];
        byte[] secret = hkdf.Extract(sharedSecret, "secret"u8, []);
        CryptographicOperations.ZeroMemory(sharedSecret);
        byte[] key = hkdf.Expand(secret, "key"u8, context, Aead == HpkeAead.Aes128Gcm ? 16 : 32);
        byte[] nonce = hkdf.Expand(secret, "base_nonce"u8, context, HpkeContext.NonceLength);
        byte[] exporter = hkdf.Expand(secret, "exp"u8, context, hkdf.Length);
        CryptographicOperations.ZeroMemory(secret);
        return new HpkeContext(Aead, hkdf, key, nonce, exporter);
    }

    private byte[] Id()
    {
        byte[] id = [.. "HPKE"u8, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(id.AsSpan(4), P256Kem.Id);
        BinaryPrimitives.WriteUInt16BigEndian(id.AsSpan(6), (ushort)Kdf);
        BinaryPrimitives.WriteUInt16BigEndian(id.AsSpan(8), (ushort)Aead);
        return id;
    }
}
