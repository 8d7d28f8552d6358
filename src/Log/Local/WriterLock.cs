namespace ECapture.Log.Local;

/// <summary>Held by the one process that appends to a log; ends with the process.</summary>
internal sealed class WriterLock : IDisposable
{
    private readonly FileStream _file;

    private WriterLock(FileStream file) => _file = file;

    public static WriterLock Take(LogDirectory directory)
    {
        string path = directory.WriterLock;
        if (!File.Exists(path))
        {
            try
            {
                directory.MakeFile(path);
            }
            catch (LogException) when (File.Exists(path))
            {
                // Another process made it just now; who holds the lock is settled below.
            }
        }

        try
        {
            return new WriterLock(new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e)
        {
            throw new LogException($"another process writes to the log in {directory.Root}: stop it, or choose another directory", isTransient: true, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new LogException($"{path} may not be opened by this user: only the user who made the log, or root, may write to it", isTransient: false, e);
        }
    }

    public void Dispose() => _file.Dispose();
}
