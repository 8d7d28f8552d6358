using System.Globalization;
using System.Text;

namespace ECapture.Terminal.Text;

/// <summary>Bytes as people read them: offset, 16 bytes in hexadecimal, the printable ones as characters.</summary>
internal static class HexDump
{
    private const int PerLine = 16;

    /// <summary>Appends lines, each with something in front.</summary>
    internal static void Append(StringBuilder text, ReadOnlySpan<byte> bytes, string before)
    {
        for (int at = 0; at < bytes.Length; at += PerLine)
        {
            ReadOnlySpan<byte> line = bytes[at..Math.Min(at + PerLine, bytes.Length)];
            text.Append(before).Append(CultureInfo.InvariantCulture, $"{at:x8} ");
            for (int i = 0; i < PerLine; i++)
            {
                text.Append(i == PerLine / 2 ? "  " : " ");
                if (i < line.Length)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{line[i]:x2}");
                }
                else
                {
                    text.Append("  ");
                }
            }

            text.Append("  |");
            foreach (byte b in line)
            {
                text.Append(b is >= (byte)' ' and < 0x7f ? (char)b : '.');
            }

            text.Append("|\n");
        }
    }
}
