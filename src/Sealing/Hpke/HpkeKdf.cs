namespace ECapture.Sealing.Hpke;

/// <summary>Key derivation functions of RFC 9180, section 7.2.</summary>
public enum HpkeKdf
{
    /// <summary>HKDF with SHA-256.</summary>
    HkdfSha256 = 1,

    /// <summary>HKDF with SHA-512.</summary>
    HkdfSha512 = 3,
}
