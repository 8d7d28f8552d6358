using System.Buffers.Binary;

namespace ECapture.Protocols.Postgres;

/// <summary>
/// Which type bytes and lengths the protocol knows ("Message Formats"), and how the place in a stream is found again
/// after bytes were lost.
/// </summary>
internal static class MessageRules
{
    private const int Largest = 0x3fffffff; // MaxAllocSize, the server's own limit
    private const int LargestSmall = 10_000; // the server's limit for messages without payload

    /// <summary>Says whether a client may send this type with a body of this length.</summary>
    internal static bool IsClient(byte type, int length) => type switch
    {
        0 => length is >= 4 and <= LargestSmall, // startup
        (byte)'Q' or (byte)'P' or (byte)'B' or (byte)'F' or (byte)'d' => length is >= 0 and <= Largest,
        (byte)'E' => length is >= 5 and <= LargestSmall,
        (byte)'C' or (byte)'D' => length is >= 2 and <= LargestSmall,
        (byte)'f' => length is >= 1 and <= LargestSmall,
        (byte)'p' => length is >= 0 and <= 65_535, // a password, SASL or GSSAPI token
        (byte)'S' or (byte)'H' or (byte)'X' or (byte)'c' => length == 0,
        _ => false,
    };

    /// <summary>Says whether a server may send this type with a body of this length.</summary>
    internal static bool IsServer(byte type, int length) => type switch
    {
        (byte)'1' or (byte)'2' or (byte)'3' or (byte)'I' or (byte)'n' or (byte)'s' or (byte)'c' => length == 0,
        (byte)'Z' => length == 1,
        (byte)'K' => length is >= 8 and <= 260,
        (byte)'C' => length is >= 2 and <= 256,
        (byte)'D' or (byte)'d' or (byte)'T' or (byte)'t' or (byte)'V' or (byte)'E' or (byte)'N' => length is >= 0 and <= Largest,
        (byte)'A' or (byte)'S' or (byte)'R' or (byte)'v' => length is >= 2 and <= 1 << 20,
        (byte)'G' or (byte)'H' or (byte)'W' => length is >= 3 and <= 1 << 16,
        _ => false,
    };

    /// <summary>Says whether a chunk holds whole client messages and nothing else.</summary>
    internal static bool AreWholeClientMessages(ReadOnlySpan<byte> data) => AreWhole(data, IsClient);

    /// <summary>
    /// Where messages may begin in a chunk of a client whose place was lost; -1: not in this chunk. A client that waits for its
    /// answers begins a message at the start of a chunk.
    /// </summary>
    internal static int FindClientStart(ReadOnlySpan<byte> data)
    {
        if (AreWhole(data, IsClient))
        {
            return 0;
        }

        // The first part of a long request: believed when its header is that of a request with text.
        const int HeaderSize = 5;
        if (data.Length >= HeaderSize && data[0] is (byte)'Q' or (byte)'P' or (byte)'B')
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(data[1..]) - 4;
            const int Believable = 64 << 20;
            return length is >= 2 and <= Believable ? 0 : -1;
        }

        return -1;
    }

    /// <summary>
    /// Where messages begin in a chunk of a server whose place was lost; -1: not in this chunk. A server flushes after
    /// ReadyForQuery, so a chunk that ends with one is read backwards from there: the first place from which whole messages lead to it.
    /// </summary>
    internal static int FindServerStart(ReadOnlySpan<byte> data)
    {
        if (!EndsReady(data))
        {
            return AreWhole(data, IsServer) ? 0 : -1;
        }

        // Backwards: a place is good when its message ends at a good place. One pass, whatever the bytes are.
        const int Window = 64 * 1024;
        int skipped = Math.Max(0, data.Length - Window);
        data = data[skipped..];
        Span<bool> good = new bool[data.Length + 1];
        good[data.Length] = true;
        int first = -1;
        for (int at = data.Length - 5; at >= 0; at--)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(data[(at + 1)..]) - 4;
            if (IsServer(data[at], length) && length <= data.Length - at - 5 && good[at + 5 + length])
            {
                good[at] = true;
                first = at;
            }
        }

        return first < 0 ? -1 : skipped + first;
    }

    private static bool EndsReady(ReadOnlySpan<byte> data) =>
        data.Length >= 6 && data[^6..^1].SequenceEqual("Z\0\0\0\x5"u8) && data[^1] is (byte)'I' or (byte)'T' or (byte)'E';

    private static bool AreWhole(ReadOnlySpan<byte> data, Func<byte, int, bool> isPlausible)
    {
        if (data.IsEmpty)
        {
            return false;
        }

        while (data.Length >= 5)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(data[1..]) - 4;
            if (data[0] == 0 || !isPlausible(data[0], length) || length > data.Length - 5)
            {
                return false;
            }

            data = data[(5 + length)..];
        }

        return data.IsEmpty;
    }
}
