using System.Globalization;
using System.Text;

namespace ECapture.Storage.ClickHouse.InProcess;

/// <summary>
/// The engine of this process, on one directory. It boots when it is opened and ends when it is disposed of; one connection is
/// held all that time, because closing the last one ends the engine. Open it first thing in the process: the engine takes
/// signals when it boots, and gives them back only here.
/// </summary>
public sealed class ChdbEngine : IDisposable
{
    private static readonly Lock Gate = new();
    private static ChdbEngine? s_current;

    private readonly Lock _connecting = new();
    private readonly FileStream _lock;
    private readonly ChdbConnection _keeper;
    private bool _isDisposed;

    private ChdbEngine(string directory, FileStream lockFile)
    {
        Directory = directory;
        _lock = lockFile;
        _keeper = Connect();
    }

    /// <summary>Where its data is.</summary>
    public string Directory { get; }

    /// <summary>Boots the engine, about 0.3 s.</summary>
    /// <param name="directory">Made when it is not there, for its owner only: it holds secrets.</param>
    /// <exception cref="StoreException">
    /// The library is missing, another process or another directory is in the way, or the directory cannot be written.
    /// </exception>
    public static ChdbEngine Open(string directory)
    {
        ChdbLibrary.Load();
        lock (Gate)
        {
            if (s_current is not null)
            {
                throw new StoreException(
                    $"chdb:{directory} cannot be opened: this process already has its engine on {s_current.Directory}; there is one per process",
                    isTransient: false);
            }

            FileStream lockFile = LockDirectory(directory);
            try
            {
                ChdbNative.SetSignalHandlersEnabled(0);
                s_current = new ChdbEngine(directory, lockFile);
                return s_current;
            }
            catch
            {
                lockFile.Dispose();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (Gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            _keeper.Dispose();
            _lock.Dispose();
            s_current = null;
        }
    }

    internal unsafe ChdbConnection Connect()
    {
        byte[][] arguments = ["clickhouse\0"u8.ToArray(), Encoding.UTF8.GetBytes($"--path={Directory}\0")];
        fixed (byte* first = arguments[0], second = arguments[1])
            lock (_connecting)
            {
                // One at a time, and whatever the engine does to the signals, each time: the boot is the first connection.
                using SignalDispositions signals = new();
                byte** pointers = stackalloc byte*[] { first, second };
                nint* connection = ChdbNative.Connect(arguments.Length, pointers);
                return connection is null
                    ? throw new StoreException(
                        $"chdb:{Directory} cannot be opened (the engine's reason stands above): is another program using it, or is it damaged?", isTransient: false)
                    : new ChdbConnection(connection);
            }
    }

    // The engine says who holds a directory on stderr only; this lock is asked first and knows the process.
    private static FileStream LockDirectory(string directory)
    {
        string file = Path.Combine(directory, "ecapture.lock");
        string holder = Path.Combine(directory, "ecapture.pid"); // beside it: a locked file cannot be read
        try
        {
#pragma warning disable CA1416 // this program runs on Linux only
            System.IO.Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
#pragma warning restore CA1416
            FileStream stream = new(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return stream;
        }
        catch (IOException e) when (File.Exists(file) && File.Exists(holder))
        {
            throw new StoreException(
                $"chdb:{directory} is in use by process {File.ReadAllText(holder)}: end it, or ask it instead of opening its store", isTransient: true, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"chdb:{directory} cannot be opened: {e.Message}", isTransient: false, e);
        }
    }
}
