using System.Buffers;

namespace ECapture.Pcapng;

/// <summary>A line of a TLS key log (RFC 9850, section 2).</summary>
public static class KeyLogLine
{
    /// <summary>Room that every line fits into.</summary>
    public const int MaximumLength = MaximumLabel + 1 + (2 * RandomLength) + 1 + (2 * MaximumSecret) + 1;

    private const int MaximumLabel = 64;
    private const int RandomLength = 32;
    private const int MaximumSecret = 256;
    private static readonly SearchValues<byte> s_labelBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"u8);

    /// <summary>Writes the line with its end.</summary>
    /// <param name="label">A-Z 0-9 _, at most 64.</param>
    /// <param name="clientRandom">32 bytes.</param>
    /// <param name="secret">1 to 256 bytes.</param>
    /// <param name="line">At least <see cref="MaximumLength"/> bytes.</param>
    /// <param name="length">Bytes written.</param>
    /// <returns>False when this cannot be a line.</returns>
    public static bool TryWrite(
        ReadOnlySpan<byte> label, ReadOnlySpan<byte> clientRandom, ReadOnlySpan<byte> secret, Span<byte> line, out int length)
    {
        length = 0;
        if (label.Length is 0 or > MaximumLabel || label.ContainsAnyExcept(s_labelBytes)
            || clientRandom.Length != RandomLength || secret.Length is 0 or > MaximumSecret)
        {
            return false;
        }

        label.CopyTo(line);
        length = label.Length;
        line[length++] = (byte)' ';
        Convert.TryToHexStringLower(clientRandom, line[length..], out int written);
        length += written;
        line[length++] = (byte)' ';
        Convert.TryToHexStringLower(secret, line[length..], out written);
        length += written;
        line[length++] = (byte)'\n';
        return true;
    }
}
