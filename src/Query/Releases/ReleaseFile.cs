using System.Runtime.InteropServices;
using System.Text.Json;

namespace ECapture.Query.Releases;

/// <summary>
/// Releases on the disk, so that a restart forgets none and gives none twice. The file is replaced as a whole and flushed: a crash leaves the one before or the one after. One service has a
/// folder, else an approval would be good once for each.
/// </summary>
internal sealed partial class ReleaseFile : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int MostBytes = 64 << 20; // a thousand, each as long as a request's line may be, is far below

    private readonly string _directory;
    private readonly string _path;
    private readonly FileStream _owned;

    private ReleaseFile(string directory, FileStream owned) => (_directory, _path, _owned) = (directory, Path.Combine(directory, "releases.json"), owned);

    /// <summary>Takes a folder for this process; it is made when there is none.</summary>
    /// <exception cref="ReleaseException">It cannot be used, or another service has it.</exception>
    public static ReleaseFile Open(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
            return new ReleaseFile(directory, new FileStream(Path.Combine(directory, "lock"), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = OwnerOnly,
            }));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ReleaseException($"the releases of --four-eyes cannot be kept in {directory}: {e.Message} One service has them: give this one a data directory of its own (--data)", e);
        }
    }

    /// <summary>What <see cref="Write"/> kept last.</summary>
    /// <exception cref="ReleaseException">The file cannot be read, or is something else.</exception>
    public IReadOnlyList<KeyRelease> Read()
    {
        try
        {
            var file = new FileInfo(_path);
            return !file.Exists ? []
                : file.Length <= MostBytes ? ReleaseJson.Read(File.ReadAllBytes(_path))
                : throw new ReleaseException($"{_path} is no list of releases: it is longer than {MostBytes} bytes; move it away, and whoever waits for a second keyholder asks again");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ReleaseException($"the releases in {_path} cannot be read: {e.Message}; move the file away, and whoever waits for a second keyholder asks again", e);
        }
    }

    /// <summary>Keeps them; when it returns they are on the disk.</summary>
    /// <exception cref="ReleaseException">They are not; what was kept before is.</exception>
    public void Write(IReadOnlyList<KeyRelease> releases)
    {
        string part = _path + ".part";
        try
        {
            File.Delete(part); // of a crash
            using (var file = new FileStream(part, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
            {
                file.Write(ReleaseJson.Write(releases));
                file.Flush(flushToDisk: true);
            }

            File.Move(part, _path, overwrite: true);
            FlushDirectory();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ReleaseException($"{_path} cannot be written: {e.Message}; without it no TLS secrets are given out", e);
        }
    }

    public void Dispose() => _owned.Dispose();

    // The rename is as durable as the directory.
    private void FlushDirectory()
    {
        const int ReadOnly = 0;
        int descriptor = Open(_directory, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"cannot open {_directory}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, ownsHandle: true);
        if (Flush(handle) != 0)
        {
            throw new IOException($"cannot flush {_directory}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(Microsoft.Win32.SafeHandles.SafeFileHandle file);
}
