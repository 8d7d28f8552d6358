using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ECapture.Storage.Reading;

/// <summary>An address or a prefix, both bounds as IPv6 (IPv4 mapped, as the stores' columns are).</summary>
/// <param name="First">Lowest address.</param>
/// <param name="Last">Highest address.</param>
/// <param name="Text">As the user wrote it.</param>
public sealed record AddressRange(IPAddress First, IPAddress Last, string Text)
{
    /// <summary>Reads <c>10.0.0.1</c>, <c>10.0.0.0/8</c>, <c>::1</c> or <c>fe80::/10</c>; bits below the prefix are ignored.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out AddressRange? range)
    {
        range = null;
        ReadOnlySpan<char> address = text;
        ReadOnlySpan<char> prefix = default;
        int slash = address.IndexOf('/');
        if (slash >= 0)
        {
            prefix = address[(slash + 1)..];
            address = address[..slash];
        }

        if (address.Contains('%') || !IPAddress.TryParse(address, out IPAddress? parsed) || !IsWritten(address, parsed))
        {
            return false;
        }

        int width = parsed.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        int bits = width;
        if (slash >= 0 && (!int.TryParse(prefix, NumberStyles.None, CultureInfo.InvariantCulture, out bits) || bits > width))
        {
            return false;
        }

        byte[] first = parsed.MapToIPv6().GetAddressBytes();
        byte[] last = (byte[])first.Clone();
        for (int bit = 128 - width + bits; bit < 128; bit++)
        {
            byte mask = (byte)(0x80 >> (bit & 7));
            first[bit >> 3] &= (byte)~mask;
            last[bit >> 3] |= mask;
        }

        range = new AddressRange(new IPAddress(first), new IPAddress(last), text!);
        return true;
    }

    /// <summary>
    /// True when IPv4 addresses in their mapped form lie between the bounds of this IPv6 prefix (<c>::/0</c>): they are no IPv6 addresses, and do not match.
    /// </summary>
    internal bool SpansMapped => !First.IsIPv4MappedToIPv6
        && First.GetAddressBytes().AsSpan().SequenceCompareTo(FirstMapped.GetAddressBytes()) < 0
        && Last.GetAddressBytes().AsSpan().SequenceCompareTo(LastMapped.GetAddressBytes()) > 0;

    internal static IPAddress FirstMapped { get; } = IPAddress.Any.MapToIPv6();

    internal static IPAddress LastMapped { get; } = IPAddress.Broadcast.MapToIPv6();

    /// <summary>IPAddress takes "1" and "127.1" for addresses; users who write that mean something else.</summary>
    private static bool IsWritten(ReadOnlySpan<char> text, IPAddress parsed) =>
        parsed.AddressFamily != AddressFamily.InterNetwork || text.Count('.') == 3;
}
