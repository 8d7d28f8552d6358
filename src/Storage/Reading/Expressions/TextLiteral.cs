using System.Globalization;
using System.Text;

namespace ECapture.Storage.Reading.Expressions;

/// <summary>The bytes that a text in quotes stands for: UTF-8, with the escapes \" \' \\ \n \r \t and \xHH for any byte.</summary>
internal static class TextLiteral
{
    /// <param name="raw">Between the quotes.</param>
    /// <param name="column">Column of its first character.</param>
    public static byte[] Decode(string raw, int column)
    {
        var bytes = new List<byte>(raw.Length);
        for (int i = 0; i < raw.Length;)
        {
            if (raw[i] != '\\')
            {
                int next = raw.IndexOf('\\', i) is var found and >= 0 ? found : raw.Length;
                bytes.AddRange(Encoding.UTF8.GetBytes(raw[i..next]));
                i = next;
                continue;
            }

            char c = raw[i + 1];
            if (c == 'x')
            {
                bytes.Add(i + 4 <= raw.Length && byte.TryParse(raw.AsSpan(i + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
                    ? value
                    : throw new FilterSyntaxException(column + i, "\\x is followed by two hexadecimal digits"));
                i += 4;
                continue;
            }

            bytes.Add(c switch
            {
                'n' => (byte)'\n',
                'r' => (byte)'\r',
                't' => (byte)'\t',
                '"' or '\'' or '\\' => (byte)c,
                _ => throw new FilterSyntaxException(column + i, $"'\\{c}' is no escape of a text; a backslash is '\\\\'"),
            });
            i += 2;
        }

        return [.. bytes];
    }
}
