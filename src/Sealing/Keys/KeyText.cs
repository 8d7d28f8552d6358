namespace ECapture.Sealing.Keys;

/// <summary>Reads key files.</summary>
internal static class KeyText
{
    /// <summary>The text of a file.</summary>
    /// <exception cref="SealingException">It cannot be read, or is too long for a key file.</exception>
    public static string Read(string path, int mostBytes)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] bytes = new byte[mostBytes + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length <= mostBytes
                ? System.Text.Encoding.UTF8.GetString(bytes, 0, length)
                : throw new SealingException($"{path} is no key file: it is longer than {mostBytes} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SealingException($"the key file {path} cannot be read: {e.Message}", e);
        }
    }
}
