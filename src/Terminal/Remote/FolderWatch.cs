using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ECapture.Terminal.Remote;

/// <summary>
/// Says when a file of a folder was written to its end and closed, or moved there (inotify(7)): a change is never seen half. FileSystemWatcher tells of writes, not of their end.
/// </summary>
internal sealed partial class FolderWatch : IDisposable
{
    private const int CloseOnExec = 0x80000; // IN_CLOEXEC
    private const uint CloseWrite = 0x8; // IN_CLOSE_WRITE
    private const uint MovedTo = 0x80; // IN_MOVED_TO
    private const int Interrupted = 4; // EINTR

    private readonly SafeFileHandle _events;
    private readonly int _watch;
    private readonly Thread _thread;
    private volatile bool _isEnded;

    private FolderWatch(int descriptor, int watch, Action changed)
    {
        _events = new SafeFileHandle(descriptor, ownsHandle: true);
        _watch = watch;
        _thread = new Thread(() => Run(changed)) { IsBackground = true, Name = "settings" };
        _thread.Start();
    }

    /// <summary>Begins to watch.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="changed">Called on a thread of its own, one call at a time.</param>
    /// <exception cref="IOException">It cannot be watched.</exception>
    internal static FolderWatch Start(string folder, Action changed)
    {
        int descriptor = inotify_init1(CloseOnExec);
        if (descriptor < 0)
        {
            throw Failure(folder);
        }

        int watch = inotify_add_watch(descriptor, folder, CloseWrite | MovedTo);
        if (watch < 0)
        {
            IOException failure = Failure(folder);
            new SafeFileHandle(descriptor, ownsHandle: true).Dispose();
            throw failure;
        }

        return new FolderWatch(descriptor, watch, changed);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isEnded = true;
        _ = inotify_rm_watch((int)_events.DangerousGetHandle(), _watch); // it is itself an event (IN_IGNORED), which wakes the reader
        _thread.Join();
        _events.Dispose();
    }

    private void Run(Action changed)
    {
        Span<byte> events = stackalloc byte[4096];
        while (true)
        {
            nint length;
            unsafe
            {
                fixed (byte* buffer = events)
                {
                    length = read((int)_events.DangerousGetHandle(), buffer, (nuint)events.Length);
                }
            }

            if (_isEnded || (length <= 0 && Marshal.GetLastPInvokeError() != Interrupted))
            {
                return;
            }

            changed(); // which file it was the caller finds out: it may be there under a link
        }
    }

    private static IOException Failure(string folder) =>
        new($"{folder} cannot be watched: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(int descriptor, string path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(int descriptor, int watch);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint read(int descriptor, byte* buffer, nuint count);
}
