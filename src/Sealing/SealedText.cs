using System.Buffers.Binary;
using System.Text;

namespace ECapture.Sealing;

/// <summary>What sealed bytes are bound to: a secret taken from one event opens in no other.</summary>
internal static class SealedText
{
    /// <summary>What a data key is bound to, as HPKE's <c>info</c>.</summary>
    public static byte[] DataKey(Guid run, string host) => [.. "ecapture data key 1\0"u8, .. Origin(run, host)];

    /// <summary>What a secret is bound to, as associated data.</summary>
    public static byte[] Secret(Guid run, string host, string label, ReadOnlySpan<byte> clientRandom)
    {
        byte[] name = Encoding.UTF8.GetBytes(label);
        return [.. "ecapture tls secret 1\0"u8, .. Origin(run, host), .. Length(name.Length), .. name, .. Length(clientRandom.Length), .. clientRandom];
    }

    // The length comes first everywhere: no two origins give the same bytes.
    private static byte[] Origin(Guid run, string host)
    {
        byte[] name = Encoding.UTF8.GetBytes(host);
        return [.. run.ToByteArray(bigEndian: true), .. Length(name.Length), .. name];
    }

    private static byte[] Length(int length)
    {
        byte[] bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        return bytes;
    }
}
