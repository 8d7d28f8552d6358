using System.Buffers;

namespace ECapture.Protocols.Http;

/// <summary>The small grammar that all versions share (RFC 9110 section 5.6).</summary>
internal static class HttpSyntax
{
    private static readonly SearchValues<byte> s_token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && text.IndexOfAnyExcept(s_token) < 0;

    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t"u8);

    public static bool EqualsIgnoreCase(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        System.Text.Ascii.EqualsIgnoreCase(left, right);

    /// <summary>Takes the next non-empty item of a comma-separated list.</summary>
    public static bool TryNextListItem(ref ReadOnlySpan<byte> list, out ReadOnlySpan<byte> item)
    {
        while (!list.IsEmpty)
        {
            int comma = list.IndexOf((byte)',');
            item = Trim(comma < 0 ? list : list[..comma]);
            list = comma < 0 ? default : list[(comma + 1)..];
            if (!item.IsEmpty)
            {
                return true;
            }
        }

        item = default;
        return false;
    }

    public static ReadOnlySpan<byte> BeforeParameters(ReadOnlySpan<byte> item)
    {
        int semicolon = item.IndexOf((byte)';');
        return semicolon < 0 ? item : Trim(item[..semicolon]);
    }

    /// <summary>A number of digits only, below 2^62.</summary>
    public static bool TryParseLength(ReadOnlySpan<byte> digits, out long length)
    {
        length = 0;
        if (digits.IsEmpty)
        {
            return false;
        }

        foreach (byte digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9' || length > long.MaxValue / 20)
            {
                return false;
            }

            length = length * 10 + (digit - '0');
        }

        return true;
    }
}
