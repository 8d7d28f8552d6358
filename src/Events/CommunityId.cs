using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ECapture.Events;

/// <summary>
/// Community ID v1 (https://github.com/corelight/community-id-spec): one value for both directions of a flow.
/// </summary>
public static class CommunityId
{
    /// <summary>
    /// The SHA-1 digest of a flow with seed 0.
    /// </summary>
    /// <param name="source">4 or 16 bytes in network order.</param>
    /// <param name="sourcePort">Host order.</param>
    /// <param name="destination">As long as <paramref name="source"/>.</param>
    /// <param name="destinationPort">Host order.</param>
    /// <param name="protocol">IANA protocol number; protocols without ports have ports 0.</param>
    /// <param name="digest">Receives 20 bytes.</param>
    public static void Hash(
        ReadOnlySpan<byte> source, ushort sourcePort, ReadOnlySpan<byte> destination, ushort destinationPort,
        byte protocol, Span<byte> digest)
    {
        if (source.Length != destination.Length || source.Length is not (4 or 16))
        {
            throw new ArgumentException($"addresses are 4 or 16 bytes each, not {source.Length} and {destination.Length}", nameof(source));
        }

        int order = source.SequenceCompareTo(destination);
        bool swap = order > 0 || (order == 0 && sourcePort > destinationPort);
        ReadOnlySpan<byte> low = swap ? destination : source;
        ReadOnlySpan<byte> high = swap ? source : destination;
        (ushort lowPort, ushort highPort) = swap ? (destinationPort, sourcePort) : (sourcePort, destinationPort);

        Span<byte> input = stackalloc byte[2 + 32 + 2 + 4];
        input[..2].Clear(); // seed
        int at = 2;
        low.CopyTo(input[at..]);
        at += low.Length;
        high.CopyTo(input[at..]);
        at += high.Length;
        input[at++] = protocol;
        input[at++] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(input[at..], lowPort);
        BinaryPrimitives.WriteUInt16BigEndian(input[(at + 2)..], highPort);
#pragma warning disable CA5350 // the specification's hash; it protects nothing
        SHA1.HashData(input[..(at + 4)], digest);
#pragma warning restore CA5350
    }

    /// <summary>The flow id of the events: the first 8 bytes of the digest, big-endian.</summary>
    public static ulong FlowId(
        ReadOnlySpan<byte> source, ushort sourcePort, ReadOnlySpan<byte> destination, ushort destinationPort, byte protocol)
    {
        Span<byte> digest = stackalloc byte[20];
        Hash(source, sourcePort, destination, destinationPort, protocol, digest);
        return BinaryPrimitives.ReadUInt64BigEndian(digest);
    }

    /// <summary>The text form, <c>1:base64</c>.</summary>
    public static string Text(
        ReadOnlySpan<byte> source, ushort sourcePort, ReadOnlySpan<byte> destination, ushort destinationPort, byte protocol)
    {
        Span<byte> digest = stackalloc byte[20];
        Hash(source, sourcePort, destination, destinationPort, protocol, digest);
        return "1:" + Convert.ToBase64String(digest);
    }
}
