using System.Buffers;

namespace ECapture.Storage.ClickHouse.InProcess;

/// <summary>
/// The engine of this process as an <see cref="IClickHouse"/>: a pool of connections, because each runs one statement at a
/// time. Statements block a thread of their own while they run, so they never starve the thread pool. Who finds all connections taken waits, but not
/// for ever: a read that needs a second connection while it holds one could otherwise wait for another such read, which waits for it.
/// </summary>
public sealed class ChdbClickHouse : IClickHouse
{
    /// <summary>Most statements at once; an open result counts until it is disposed of.</summary>
    public const int MaxConnections = 16;

    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(10);

    private readonly ChdbEngine _engine;
    private readonly bool _ownsEngine;
    private readonly string _database;
    private readonly Stack<ChdbConnection> _idle = []; // guarded by itself
    private readonly TimeSpan _patience;
    private readonly List<ChdbClickHouse> _reserved = []; // guarded by _idle
    private readonly SemaphoreSlim _free = new(MaxConnections, MaxConnections);
    private bool _isDisposed; // guarded by _idle

    /// <summary>Creates the pool.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="database">The current database of every statement.</param>
    /// <param name="ownsEngine">True: the engine ends with this pool.</param>
    /// <param name="patience">How long a statement waits for a connection; null: 10 s.</param>
    public ChdbClickHouse(ChdbEngine engine, string database, bool ownsEngine, TimeSpan? patience = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _engine = engine;
        _database = database;
        _ownsEngine = ownsEngine;
        _patience = patience ?? DefaultPatience;
    }

    /// <inheritdoc/>
    public string Address => "chdb:" + _engine.Directory;

    /// <inheritdoc/>
    public IClickHouse Reserve()
    {
        ChdbClickHouse reserved = new(_engine, _database, ownsEngine: false, _patience);
        lock (_idle)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _reserved.Add(reserved);
        }

        return reserved;
    }

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
    public async ValueTask DisposeAsync()
    {
        ChdbClickHouse[] reserved;
        lock (_idle)
        {
            reserved = [.. _reserved];
            _reserved.Clear();
        }

        foreach (ChdbClickHouse other in reserved)
        {
            await other.DisposeAsync().ConfigureAwait(false);
        }

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
        if (!await _free.WaitAsync(_patience, cancellationToken).ConfigureAwait(false))
        {
            throw new StoreException(
                FormattableString.Invariant($"{Address} is busy: {MaxConnections} statements run, and none ended within {_patience.TotalSeconds:0.#} s; are there readers that do not read their results?"),
                isTransient: true);
        }

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
