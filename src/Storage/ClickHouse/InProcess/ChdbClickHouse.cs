using System.Buffers;

namespace ECapture.Storage.ClickHouse.InProcess;

/// <summary>
/// The engine of this process as an <see cref="IClickHouse"/>: a pool of connections, because each runs one statement at a
/// time. Statements block a thread of their own while they run, so they never starve the thread pool.
/// </summary>
public sealed class ChdbClickHouse : IClickHouse
{
    /// <summary>Most statements at once; an open result counts until it is disposed of.</summary>
    public const int MaxConnections = 16;

    private readonly ChdbEngine _engine;
    private readonly bool _ownsEngine;
    private readonly string _database;
    private readonly Stack<ChdbConnection> _idle = []; // guarded by itself
    private readonly SemaphoreSlim _free = new(MaxConnections, MaxConnections);
    private bool _isDisposed; // guarded by _idle

    /// <summary>Creates the pool.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="database">The current database of every statement.</param>
    /// <param name="ownsEngine">True: the engine ends with this pool.</param>
    public ChdbClickHouse(ChdbEngine engine, string database, bool ownsEngine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _engine = engine;
        _database = database;
        _ownsEngine = ownsEngine;
    }

    /// <inheritdoc/>
    public string Address => "chdb:" + _engine.Directory;

    /// <inheritdoc/>
    public Task ExecuteAsync(string sql, CancellationToken cancellationToken) =>
        RunAsync(connection => connection.Execute(sql), cancellationToken);

    /// <inheritdoc/>
    public Task InsertAsync(string sql, ReadOnlySequence<byte> native, CancellationToken cancellationToken) =>
        RunAsync(connection => connection.Insert(sql, native), cancellationToken);

    /// <inheritdoc/>
    public async Task<Stream> QueryAsync(
        string sql, IReadOnlyDictionary<string, string> parameters, string format, CancellationToken cancellationToken)
    {
        ChdbConnection connection = await TakeAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            nint stream = await OnThreadOfItsOwn(() => connection.BeginQuery(sql, format, parameters)).ConfigureAwait(false);
            return new ChdbQueryStream(this, connection, stream);
        }
        catch (Exception e)
        {
            Return(connection);
            if (e is ChdbError error)
            {
                throw Translate(error);
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_idle)
        {
            // Connections that are out are closed when they come back.
            _isDisposed = true;
            while (_idle.TryPop(out ChdbConnection? connection))
            {
                connection.Dispose();
            }
        }

        if (_ownsEngine)
        {
            _engine.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    internal StoreException Translate(ChdbError e) =>
        ClickHouseErrors.Create(Address, _database, "", ClickHouseErrors.CodeOf(e.Message), e.Message);

    internal void Return(ChdbConnection connection)
    {
        lock (_idle)
        {
            if (_isDisposed)
            {
                connection.Dispose();
            }
            else
            {
                _idle.Push(connection);
            }
        }

        _free.Release();
    }

    private async Task RunAsync(Action<ChdbConnection> statement, CancellationToken cancellationToken)
    {
        ChdbConnection connection = await TakeAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await OnThreadOfItsOwn(() =>
            {
                statement(connection);
                return true;
            }).ConfigureAwait(false);
        }
        catch (ChdbError e)
        {
            throw Translate(e);
        }
        finally
        {
            Return(connection);
        }
    }

    private async Task<ChdbConnection> TakeAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        ChdbConnection? connection = null;
        try
        {
            lock (_idle)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                if (_idle.TryPop(out connection))
                {
                    return connection;
                }
            }

            connection = _engine.Connect();
            connection.Execute("USE " + ClickHouseText.QuoteName(_database));
            return connection;
        }
        catch (Exception e)
        {
            connection?.Dispose();
            _free.Release();
            if (e is ChdbError error)
            {
                throw Translate(error);
            }

            throw;
        }
    }

    private static Task<T> OnThreadOfItsOwn<T>(Func<T> call) =>
        Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
