using System.Buffers;

namespace ECapture.Protocols.MySql;

/// <summary>Reads <c>USE name</c>, for sessions whose server does not say that the default database changed.</summary>
internal static class UseStatement
{
    private const byte Quote = (byte)'`';
    private static readonly SearchValues<byte> s_ends = SearchValues.Create(" \t\r\n;`"u8);

    /// <returns>The name; null: it is another statement, or several.</returns>
    internal static byte[]? NameIn(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> trimmed = text.Trim(" \t\r\n;"u8);
        if (trimmed.Length < 5 || (trimmed[0] | 0x20) != 'u' || (trimmed[1] | 0x20) != 's' || (trimmed[2] | 0x20) != 'e' || !" \t\r\n`"u8.Contains(trimmed[3]))
        {
            return null;
        }

        ReadOnlySpan<byte> name = trimmed[3..].Trim(" \t\r\n"u8);
        if (name.Length > 2 && name[0] == Quote && name[^1] == Quote)
        {
            name = name[1..^1];
            return name.Contains(Quote) ? null : name.ToArray();
        }

        return name.IndexOfAny(s_ends) < 0 ? name.ToArray() : null;
    }
}
