namespace ECapture.Capture.Modules.Zsh;

/// <summary>Text as zsh keeps it: bytes that mean something to it (0x83 to 0xa2, NUL) are 0x83 and the byte with bit 5 turned.</summary>
internal static class ZshText
{
    private const byte Meta = 0x83;
    private const byte Turned = 0x20;

    /// <summary>The bytes as they were typed, without the newline that ends a line.</summary>
    internal static byte[] Unmetafy(ReadOnlySpan<byte> text)
    {
        byte[] plain = new byte[text.Length];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            plain[length++] = text[i] == Meta && i + 1 < text.Length ? (byte)(text[++i] ^ Turned) : text[i];
        }

        return plain[..(length > 0 && plain[length - 1] == '\n' ? length - 1 : length)];
    }
}
