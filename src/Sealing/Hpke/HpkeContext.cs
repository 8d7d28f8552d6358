using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ECapture.Sealing.Hpke;

/// <summary>One end of an HPKE exchange (RFC 9180, section 5.2): messages are opened in the order in which they were sealed. Not thread-safe.</summary>
public sealed class HpkeContext : IDisposable
{
    /// <summary>Bytes that sealing adds.</summary>
    public const int TagLength = 16;

    internal const int NonceLength = 12;

    private readonly HpkeAead _aead;
    private readonly LabeledHkdf _hkdf;
    private readonly byte[] _key;
    private readonly byte[] _baseNonce;
    private readonly byte[] _exporter;
    private ulong _sequence;

    internal HpkeContext(HpkeAead aead, LabeledHkdf hkdf, byte[] key, byte[] baseNonce, byte[] exporter)
    {
        _aead = aead;
        _hkdf = hkdf;
        _key = key;
        _baseNonce = baseNonce;
        _exporter = exporter;
    }

    internal ReadOnlySpan<byte> Key => _key;

    internal ReadOnlySpan<byte> BaseNonce => _baseNonce;

    internal ReadOnlySpan<byte> ExporterSecret => _exporter;

    /// <summary>Encrypts the next message.</summary>
    /// <param name="associated">Clear bytes that it is bound to.</param>
    /// <param name="plaintext">The message.</param>
    /// <returns>The ciphertext, followed by its tag of 16 bytes.</returns>
    public byte[] Seal(ReadOnlySpan<byte> associated, ReadOnlySpan<byte> plaintext)
    {
        Span<byte> nonce = stackalloc byte[NonceLength];
        NextNonce(nonce);
        byte[] sealedBytes = new byte[plaintext.Length + TagLength];
        Span<byte> ciphertext = sealedBytes.AsSpan(0, plaintext.Length);
        Span<byte> tag = sealedBytes.AsSpan(plaintext.Length);
        if (_aead == HpkeAead.ChaCha20Poly1305)
        {
            using var cipher = new ChaCha20Poly1305(_key);
            cipher.Encrypt(nonce, plaintext, ciphertext, tag, associated);
        }
        else
        {
            using var cipher = new AesGcm(_key, TagLength);
            cipher.Encrypt(nonce, plaintext, ciphertext, tag, associated);
        }

        _sequence++;
        return sealedBytes;
    }

    /// <summary>Decrypts the next message. A message that is refused does not count.</summary>
    /// <param name="associated">As it was sealed with.</param>
    /// <param name="sealedBytes">What <see cref="Seal"/> gave.</param>
    /// <exception cref="CryptographicException">It was not sealed for this recipient with these bytes, or was changed.</exception>
    public byte[] Open(ReadOnlySpan<byte> associated, ReadOnlySpan<byte> sealedBytes)
    {
        if (sealedBytes.Length < TagLength)
        {
            throw new CryptographicException("a sealed message is shorter than its tag");
        }

        Span<byte> nonce = stackalloc byte[NonceLength];
        NextNonce(nonce);
        byte[] plaintext = new byte[sealedBytes.Length - TagLength];
        ReadOnlySpan<byte> ciphertext = sealedBytes[..plaintext.Length];
        ReadOnlySpan<byte> tag = sealedBytes[plaintext.Length..];
        if (_aead == HpkeAead.ChaCha20Poly1305)
        {
            using var cipher = new ChaCha20Poly1305(_key);
            cipher.Decrypt(nonce, ciphertext, tag, plaintext, associated);
        }
        else
        {
            using var cipher = new AesGcm(_key, TagLength);
            cipher.Decrypt(nonce, ciphertext, tag, plaintext, associated);
        }

        _sequence++;
        return plaintext;
    }

    /// <summary>A secret that both ends have (section 5.3).</summary>
    /// <param name="context">What it is for.</param>
    /// <param name="length">Bytes.</param>
    public byte[] Export(ReadOnlySpan<byte> context, int length) => _hkdf.Expand(_exporter, "sec"u8, context, length);

    /// <summary>Forgets the keys.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_key);
        CryptographicOperations.ZeroMemory(_exporter);
    }

    private void NextNonce(Span<byte> nonce)
    {
        Span<byte> sequence = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(sequence, _sequence);
        _baseNonce.CopyTo(nonce);
        for (int i = 0; i < sequence.Length; i++)
        {
            nonce[NonceLength - sequence.Length + i] ^= sequence[i];
        }
    }
}
