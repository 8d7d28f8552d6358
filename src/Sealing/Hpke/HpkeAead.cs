namespace ECapture.Sealing.Hpke;

/// <summary>Ciphers of RFC 9180, section 7.3. Each has nonces of 12 and tags of 16 bytes.</summary>
public enum HpkeAead
{
    /// <summary>AES-GCM with a key of 16 bytes.</summary>
    Aes128Gcm = 1,

    /// <summary>AES-GCM with a key of 32 bytes.</summary>
    Aes256Gcm = 2,

    /// <summary>ChaCha20 with Poly1305, with a key of 32 bytes.</summary>
    ChaCha20Poly1305 = 3,
}
