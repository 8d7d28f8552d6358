using System.Globalization;
using System.Text;

namespace ECapture.Sink.DeadLetters;

/// <summary>Bytes as people read them: offset, sixteen bytes, the same as characters.</summary>
internal static class HexDump
{
    private const int Width = 16;
    private const int MaxBytes = 4096;

    /// <summary>The lines; of a long record its first 4 KiB.</summary>
    public static IEnumerable<string> Lines(byte[] bytes)
    {
        for (int at = 0; at < bytes.Length && at < MaxBytes; at += Width)
        {
            yield return Line(bytes.AsSpan(at, Math.Min(Width, bytes.Length - at)), at);
        }

        if (bytes.Length > MaxBytes)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"… {bytes.Length - MaxBytes:N0} more bytes: -o FILE writes all");
        }
    }

    private static string Line(ReadOnlySpan<byte> bytes, int at)
    {
        StringBuilder line = new(80);
        line.Append(CultureInfo.InvariantCulture, $"{at:x8} ");
        for (int i = 0; i < Width; i++)
        {
            line.Append(i == Width / 2 ? "  " : " ").Append(i < bytes.Length ? bytes[i].ToString("x2", CultureInfo.InvariantCulture) : "  ");
        }

        line.Append("  |");
        foreach (byte value in bytes)
        {
            line.Append(value is >= 0x20 and < 0x7F ? (char)value : '.');
        }

        return line.Append('|').ToString();
    }
}
