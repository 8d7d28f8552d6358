using System.Security.Cryptography;
using ECapture.Cli.Options;

namespace ECapture.Cli.Supervision;

/// <summary>A key of this machine in a file that only its owner reads.</summary>
internal static class KeyFile
{
    private const int Size = 32;
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Reads the key; makes it the first time.</summary>
    /// <exception cref="UsageException">The file is no such key, or others may read it.</exception>
    internal static byte[] ReadOrMake(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                // Written whole under another name: who is killed here leaves no half a key behind.
                string half = path + ".new";
                File.Delete(half);
                using (FileStream made = new(half, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Owner }))
                {
                    made.Write(RandomNumberGenerator.GetBytes(Size));
                    made.Flush(flushToDisk: true);
                }

                File.Move(half, path);
            }

            byte[] key = File.ReadAllBytes(path);
            UnixFileMode mode = File.GetUnixFileMode(path);
            return key.Length == Size && (mode & ~Owner) == 0
                ? key
                : throw new UsageException($"{path} must hold {Size} bytes and be readable by its owner alone (chmod 600); move it away to get a new key");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"the key {path} cannot be read or made: {e.Message}");
        }
    }
}
