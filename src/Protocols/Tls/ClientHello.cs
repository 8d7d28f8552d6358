using System.Buffers.Binary;

namespace ECapture.Protocols.Tls;

/// <summary>
/// The start of a TLS ClientHello in record form (RFC 8446, sections 4.1.2 and 5.1; RFC 5246 the same), as far as the bytes go: only
/// the client random must be there. The spans point into the parsed bytes.
/// </summary>
public readonly ref struct ClientHello
{
    private const int RandomAt = 11;
    private const int RandomLength = 32;

    private ClientHello(ReadOnlySpan<byte> random, ReadOnlySpan<byte> serverName)
    {
        Random = random;
        ServerName = serverName;
    }

    /// <summary>The client random, 32 bytes.</summary>
    public ReadOnlySpan<byte> Random { get; }

    /// <summary>The host name of the server name extension (RFC 6066, section 3) as it was sent; empty when absent or not within the bytes.</summary>
    public ReadOnlySpan<byte> ServerName { get; }

    /// <summary>Reads bytes that may begin with a ClientHello.</summary>
    /// <param name="bytes">A TCP payload from its start; may be cut anywhere.</param>
    /// <param name="hello">What was read.</param>
    /// <returns>False when it is none or is cut before the end of the random.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out ClientHello hello)
    {
        const byte Handshake = 0x16;
        const byte Hello = 1;
        hello = default;
        if (bytes.Length < RandomAt + RandomLength
            || bytes[0] != Handshake || bytes[1] != 3 || bytes[2] > 4
            || bytes[5] != Hello || bytes[9] != 3 || bytes[10] > 4)
        {
            return false;
        }

        hello = new ClientHello(bytes.Slice(RandomAt, RandomLength), FindServerName(bytes[(RandomAt + RandomLength)..]));
        return true;
    }

    // What follows the random: session id, cipher suites, compression methods, extensions.
    private static ReadOnlySpan<byte> FindServerName(ReadOnlySpan<byte> rest)
    {
        if (!Skip8(ref rest) || !Skip16(ref rest) || !Skip8(ref rest) || rest.Length < 2)
        {
            return [];
        }

        int all = BinaryPrimitives.ReadUInt16BigEndian(rest);
        rest = rest[2..];
        rest = rest[..Math.Min(all, rest.Length)];
        const int ServerNameExtension = 0;
        while (rest.Length >= 4)
        {
            int type = BinaryPrimitives.ReadUInt16BigEndian(rest);
            int length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            rest = rest[4..];
            if (length > rest.Length)
            {
                return [];
            }

            if (type == ServerNameExtension)
            {
                return HostName(rest[..length]);
            }

            rest = rest[length..];
        }

        return [];
    }

    // ServerNameList: length, then entries of type, length, name; 0 is host_name.
    private static ReadOnlySpan<byte> HostName(ReadOnlySpan<byte> extension)
    {
        const int HeadLength = 5;
        if (extension.Length < HeadLength || extension[2] != 0)
        {
            return [];
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(extension[3..]);
        return length <= extension.Length - HeadLength ? extension.Slice(HeadLength, length) : [];
    }

    private static bool Skip8(ref ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty || rest.Length < 1 + rest[0])
        {
            return false;
        }

        rest = rest[(1 + rest[0])..];
        return true;
    }

    private static bool Skip16(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < 2 || rest.Length < 2 + BinaryPrimitives.ReadUInt16BigEndian(rest))
        {
            return false;
        }

        rest = rest[(2 + BinaryPrimitives.ReadUInt16BigEndian(rest))..];
        return true;
    }
}
