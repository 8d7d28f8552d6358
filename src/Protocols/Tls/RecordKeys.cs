using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ECapture.Protocols.Tls;

/// <summary>
/// Opens and makes the protected records of one direction of a TLS connection: TLS 1.3 (RFC 8446, section 5.2), TLS 1.2 with AES-GCM (RFC 5288) and ChaCha20-Poly1305
/// (RFC 7905). Opening with a wrong key or number is the usual case here, so it throws nothing.
/// </summary>
public sealed class RecordKeys : IDisposable
{
    /// <summary>Bytes of a record's header.</summary>
    public const int HeaderLength = 5;

    private const int TagLength = 16;
    private const int NonceLength = 12;
    private const int SaltLength = 4; // of TLS 1.2 with AES-GCM; the other 8 bytes of the nonce are in the record
    private const int ExplicitLength = 8;

    private readonly RecordSuite _suite;
    private readonly AesGcm? _gcm;
    private readonly ChaCha20Poly1305? _chaCha;
    private readonly byte[] _iv;

    private RecordKeys(RecordSuite suite, ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv)
    {
        _suite = suite;
        _iv = iv.ToArray();
        if (suite.IsChaCha)
        {
            _chaCha = new ChaCha20Poly1305(key);
        }
        else
        {
            _gcm = new AesGcm(key, TagLength);
        }
    }

    private bool HasExplicitNonce => _iv.Length == SaltLength;

    /// <summary>The keys of a TLS 1.3 traffic secret (RFC 8446, section 7.3).</summary>
    /// <exception cref="ArgumentException">The suite is none of TLS 1.3, or its secrets have another length.</exception>
    public static RecordKeys FromTrafficSecret(RecordSuite suite, ReadOnlySpan<byte> secret)
    {
        ArgumentNullException.ThrowIfNull(suite);
        if (!suite.IsTls13 || secret.Length != suite.SecretLength)
        {
            throw new ArgumentException($"suite {suite.Id:x4} has no traffic secret of {secret.Length} bytes", nameof(secret));
        }

        Span<byte> key = stackalloc byte[suite.KeyLength];
        Span<byte> iv = stackalloc byte[NonceLength];
        Expand(suite, secret, "key"u8, key);
        Expand(suite, secret, "iv"u8, iv);
        return new RecordKeys(suite, key, iv);
    }

    /// <summary>The keys of a TLS 1.2 master secret (RFC 5246, section 6.3).</summary>
    /// <param name="suite">One of TLS 1.2.</param>
    /// <param name="masterSecret">48 bytes.</param>
    /// <param name="clientRandom">32 bytes.</param>
    /// <param name="serverRandom">32 bytes.</param>
    /// <param name="ofClient">What the client writes; else what the server writes.</param>
    /// <exception cref="ArgumentException">The suite is none of TLS 1.2.</exception>
    public static RecordKeys FromMasterSecret(
        RecordSuite suite, ReadOnlySpan<byte> masterSecret, ReadOnlySpan<byte> clientRandom, ReadOnlySpan<byte> serverRandom, bool ofClient)
    {
        ArgumentNullException.ThrowIfNull(suite);
        if (suite.IsTls13)
        {
            throw new ArgumentException($"suite {suite.Id:x4} has no master secret", nameof(suite));
        }

        int ivLength = suite.IsChaCha ? NonceLength : SaltLength;
        Span<byte> block = stackalloc byte[2 * (suite.KeyLength + ivLength)];
        byte[] seed = [.. "key expansion"u8, .. serverRandom, .. clientRandom];
        Spread(suite, masterSecret, seed, block);
        Span<byte> ivs = block[(2 * suite.KeyLength)..];
        return ofClient
            ? new RecordKeys(suite, block[..suite.KeyLength], ivs[..ivLength])
            : new RecordKeys(suite, block.Slice(suite.KeyLength, suite.KeyLength), ivs[ivLength..]);
    }

    /// <summary>Opens a record, which says whether it was made with these keys and this number.</summary>
    /// <param name="record">The whole record with its header.</param>
    /// <param name="number">Its sequence number.</param>
    /// <param name="plaintext">As long as the record; what it held, of TLS 1.3 with its type and padding.</param>
    /// <returns>Bytes in <paramref name="plaintext"/>; -1: its tag says that it was not.</returns>
    public int Open(ReadOnlySpan<byte> record, ulong number, Span<byte> plaintext)
    {
        int overhead = HeaderLength + TagLength + (HasExplicitNonce ? ExplicitLength : 0);
        if (record.Length <= overhead)
        {
            return -1;
        }

        ReadOnlySpan<byte> sealedTag = record[^TagLength..];
        ReadOnlySpan<byte> body = record[(overhead - TagLength)..^TagLength];
        Span<byte> nonce = stackalloc byte[NonceLength];
        Nonce(number, HasExplicitNonce ? record.Slice(HeaderLength, ExplicitLength) : default, nonce);
        Span<byte> additional = stackalloc byte[8 + HeaderLength];
        additional = additional[..Additional(number, record[0], record[..HeaderLength], body.Length, additional)];

        // These ciphers are streams: encrypting the ciphertext is decrypting it. The tag of what comes out is compared; Decrypt would throw for each wrong guess.
        Span<byte> tag = stackalloc byte[TagLength];
        Span<byte> opened = plaintext[..body.Length];
        Encrypt(nonce, body, opened, tag, []);
        if (_suite.IsTls13 && !IsInner(opened))
        {
            return -1;
        }

        byte[] again = new byte[body.Length];
        Encrypt(nonce, opened, again, tag, additional);
        return CryptographicOperations.FixedTimeEquals(tag, sealedTag) ? body.Length : -1;
    }

    /// <summary>Makes a record.</summary>
    /// <param name="number">Its sequence number.</param>
    /// <param name="type">Content type: 22 handshake, 23 application data.</param>
    /// <param name="content">At most 16,384 bytes.</param>
    public byte[] Seal(ulong number, byte type, ReadOnlySpan<byte> content)
    {
        const byte ApplicationData = 23;
        byte[] inner = _suite.IsTls13 ? [.. content, type] : content.ToArray();
        int explicitLength = HasExplicitNonce ? ExplicitLength : 0;
        byte[] record = new byte[HeaderLength + explicitLength + inner.Length + TagLength];
        record[0] = _suite.IsTls13 ? ApplicationData : type;
        record[1] = record[2] = 3;
        BinaryPrimitives.WriteUInt16BigEndian(record.AsSpan(3), (ushort)(record.Length - HeaderLength));
        Span<byte> explicitNonce = record.AsSpan(HeaderLength, explicitLength);
        if (HasExplicitNonce)
        {
            // Never what the connection's own records have under the same key, whose numbers begin at 0 or at random.
            BinaryPrimitives.WriteUInt64BigEndian(explicitNonce, ~number);
        }

        Span<byte> nonce = stackalloc byte[NonceLength];
        Nonce(number, explicitNonce, nonce);
        Span<byte> additional = stackalloc byte[8 + HeaderLength];
        additional = additional[..Additional(number, record[0], record.AsSpan(0, HeaderLength), inner.Length, additional)];
        Encrypt(nonce, inner, record.AsSpan(HeaderLength + explicitLength, inner.Length), record.AsSpan(^TagLength..), additional);
        return record;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _gcm?.Dispose();
        _chaCha?.Dispose();
        CryptographicOperations.ZeroMemory(_iv);
    }

    private void Encrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> from, Span<byte> to, Span<byte> tag, ReadOnlySpan<byte> additional)
    {
        if (_gcm is not null)
        {
            _gcm.Encrypt(nonce, from, to, tag, additional);
        }
        else
        {
            _chaCha!.Encrypt(nonce, from, to, tag, additional);
        }
    }

    private void Nonce(ulong number, ReadOnlySpan<byte> explicitNonce, Span<byte> nonce)
    {
        _iv.CopyTo(nonce);
        if (HasExplicitNonce)
        {
            explicitNonce.CopyTo(nonce[SaltLength..]);
            return;
        }

        Span<byte> counter = nonce[SaltLength..];
        BinaryPrimitives.WriteUInt64BigEndian(counter, BinaryPrimitives.ReadUInt64BigEndian(counter) ^ number);
    }

    // TLS 1.3: the header. TLS 1.2: number, type, version, length of the plaintext (RFC 5246, section 6.2.3.3).
    private int Additional(ulong number, byte type, ReadOnlySpan<byte> header, int length, Span<byte> additional)
    {
        if (_suite.IsTls13)
        {
            header.CopyTo(additional);
            return HeaderLength;
        }

        BinaryPrimitives.WriteUInt64BigEndian(additional, number);
        additional[8] = type;
        header.Slice(1, 2).CopyTo(additional[9..]);
        BinaryPrimitives.WriteUInt16BigEndian(additional[11..], (ushort)length);
        return 8 + HeaderLength;
    }

    // Content, its type (alert, handshake, application data), zeros: tells most wrong guesses without a tag.
    private static bool IsInner(ReadOnlySpan<byte> plaintext)
    {
        int last = plaintext.LastIndexOfAnyExcept((byte)0);
        return last >= 0 && plaintext[last] is >= 21 and <= 23;
    }

    // HKDF-Expand-Label of an empty context (RFC 8446, section 7.1).
    private static void Expand(RecordSuite suite, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label, Span<byte> output)
    {
        byte[] info = [0, (byte)output.Length, (byte)(6 + label.Length), .. "tls13 "u8, .. label, 0];
        HKDF.Expand(suite.Hash, secret, output, info);
    }

    // P_hash (RFC 5246, section 5).
    private static void Spread(RecordSuite suite, ReadOnlySpan<byte> secret, byte[] seed, Span<byte> output)
    {
        byte[] key = secret.ToArray();
        byte[] a = seed;
        while (!output.IsEmpty)
        {
            byte[] seeded = [.. a = CryptographicOperations.HmacData(suite.Hash, key, a), .. seed];
            byte[] piece = CryptographicOperations.HmacData(suite.Hash, key, seeded);
            int take = Math.Min(piece.Length, output.Length);
            piece.AsSpan(0, take).CopyTo(output);
            output = output[take..];
        }

        CryptographicOperations.ZeroMemory(key);
    }
}
