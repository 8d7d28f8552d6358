using System.Runtime.InteropServices;

namespace ECapture.Sink.Archive;

/// <summary>Brings the names in a folder to the disk: the files' own flushes do not.</summary>
internal static partial class DurableFolder
{
    /// <exception cref="IOException">They cannot be brought there.</exception>
    public static void Flush(string path)
    {
        const int ReadOnly = 0;
        int folder = Open(path, ReadOnly);
        try
        {
            if (folder < 0 || Synchronize(folder) != 0)
            {
                throw new IOException($"{path} cannot be brought to the disk: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
        finally
        {
            _ = folder < 0 ? 0 : Close(folder);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronize(int file);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
