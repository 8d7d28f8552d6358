using ECapture.Log;
using ECapture.Log.Local;

namespace ECapture.Sink.Operations;

/// <summary>The logs that an operation reads beside their consumers.</summary>
internal sealed class OperationLogs : IAsyncDisposable
{
    private readonly List<ILogReader> _readers = [];

    private OperationLogs()
    {
    }

    /// <summary>Those that could be opened.</summary>
    public IReadOnlyList<ILogReader> Readers => _readers;

    /// <summary>Opens a log, and the local logs that are the folders of a directory.</summary>
    /// <param name="log">The log; null: none.</param>
    /// <param name="folders">The directory; null: none.</param>
    /// <param name="notRead">Takes what is said of each that cannot be opened.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<OperationLogs> OpenAsync(LogAddress? log, string? folders, Func<string, Task> notRead, CancellationToken cancellationToken)
    {
        OperationLogs logs = new();
        try
        {
            if (log is not null)
            {
                await logs.AddAsync(() => LogReaders.OpenAsync(log, cancellationToken), notRead).ConfigureAwait(false);
            }

            string[] directories = folders is not null && Directory.Exists(folders) ? Directory.GetDirectories(folders) : [];
            foreach (string directory in directories.Order(StringComparer.Ordinal))
            {
                await logs.AddAsync(() => Task.FromResult<ILogReader>(new LocalLogReader(directory)), notRead).ConfigureAwait(false);
            }

            return logs;
        }
        catch
        {
            await logs.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ILogReader reader in _readers)
        {
            await reader.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task AddAsync(Func<Task<ILogReader>> open, Func<string, Task> notRead)
    {
        try
        {
            _readers.Add(await open().ConfigureAwait(false));
        }
        catch (LogException e)
        {
            await notRead($"not read: {e.Message}").ConfigureAwait(false);
        }
    }
}
