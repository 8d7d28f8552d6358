using System.Security.Cryptography;

namespace ECapture.Protocols.Tls;

/// <summary>How records are protected: what of a cipher suite matters once the handshake is over. Suites that differ in their key exchange alone are one here.</summary>
/// <param name="Id">A cipher suite's number that protects records so (RFC 8446, appendix B.4; RFC 5289; RFC 7905).</param>
/// <param name="Hash">Of the key derivation.</param>
/// <param name="KeyLength">Bytes of a key.</param>
/// <param name="IsChaCha">ChaCha20-Poly1305; else AES-GCM.</param>
public sealed record RecordSuite(ushort Id, HashAlgorithmName Hash, int KeyLength, bool IsChaCha)
{
    private static readonly RecordSuite[] s_tls13 =
    [
        new(0x1302, HashAlgorithmName.SHA384, 32, false),
        new(0x1301, HashAlgorithmName.SHA256, 16, false),
        new(0x1303, HashAlgorithmName.SHA256, 32, true),
    ];

    private static readonly RecordSuite[] s_tls12 =
    [
        new(0xC030, HashAlgorithmName.SHA384, 32, false),
        new(0xC02F, HashAlgorithmName.SHA256, 16, false),
        new(0xCCA8, HashAlgorithmName.SHA256, 32, true),
    ];

    /// <summary>Those of TLS 1.3.</summary>
    public static IReadOnlyList<RecordSuite> Tls13 => s_tls13;

    /// <summary>Those of TLS 1.2 that authenticate what they encrypt (AEAD).</summary>
    public static IReadOnlyList<RecordSuite> Tls12 => s_tls12;

    /// <summary>True for TLS 1.3.</summary>
    public bool IsTls13 => Id >> 8 == 0x13;

    /// <summary>Bytes of a traffic secret.</summary>
    public int SecretLength => Hash == HashAlgorithmName.SHA384 ? 48 : 32;

    /// <summary>The suite of a number that <see cref="Tls13"/> or <see cref="Tls12"/> has; null: none.</summary>
    public static RecordSuite? Find(uint id) => Array.Find(s_tls13, s => s.Id == id) ?? Array.Find(s_tls12, s => s.Id == id);
}
