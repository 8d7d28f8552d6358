using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ECapture.Sealing.Hpke;

/// <summary><c>LabeledExtract</c> and <c>LabeledExpand</c> of RFC 9180, section 4, for one suite.</summary>
/// <param name="hash">Hash function of HKDF.</param>
/// <param name="suiteId">What the labels are bound to: the KEM's id, or the whole suite's.</param>
internal readonly struct LabeledHkdf(HashAlgorithmName hash, byte[] suiteId)
{
    private static ReadOnlySpan<byte> Version => "HPKE-v1"u8;

    /// <summary>Bytes of an extracted key.</summary>
    public int Length => hash == HashAlgorithmName.SHA512 ? SHA512.HashSizeInBytes : SHA256.HashSizeInBytes;

    public byte[] Extract(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> input)
    {
        byte[] labeled = [.. Version, .. suiteId, .. label, .. input];
        byte[] key = new byte[Length];
        HKDF.Extract(hash, labeled, salt, key);
        CryptographicOperations.ZeroMemory(labeled);
        return key;
    }

    public byte[] Expand(ReadOnlySpan<byte> key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, int length)
    {
        Span<byte> size = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)length);
        byte[] labeled = [.. size, .. Version, .. suiteId, .. label, .. info];
        byte[] output = new byte[length];
        HKDF.Expand(hash, key, output, labeled);
        return output;
    }
}
