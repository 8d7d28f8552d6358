using Microsoft.Win32.SafeHandles;

namespace ECapture.Capture;

/// <summary>What changes when an inode is given to another file after the first was deleted.</summary>
internal readonly record struct FileStamp(long Length, DateTime Written)
{
    /// <summary>Reads the stamp of a file.</summary>
    /// <exception cref="IOException">There is no such file (any more).</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be looked at.</exception>
    internal static FileStamp Of(string path)
    {
        using SafeFileHandle handle = File.OpenHandle(path);
        return Of(handle);
    }

    /// <summary>Reads the stamp of an open file.</summary>
    internal static FileStamp Of(SafeFileHandle handle) => new(RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle));
}
