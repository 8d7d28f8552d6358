using System.Collections.Concurrent;
using ECapture.Storage;
using ECapture.Tests.Support.ClickHouse;
using ECapture.Tests.Support.Postgres;

[assembly: AssemblyFixture(typeof(ECapture.Tests.Integration.Storage.StoresFixture))]

namespace ECapture.Tests.Integration.Storage;

/// <summary>ClickHouse and PostgreSQL for all tests that do not kill them; each test takes databases of its own.</summary>
public sealed class StoresFixture : IAsyncLifetime
{
    // An engine takes some ten memory mappings for each of a database's tables, and ends when it has the 65,530 that Linux gives a process (vm.max_map_count): after 200 databases.
    private const int DatabasesOfAnEngine = 80;

    private readonly ConcurrentDictionary<string, ClickHouseServer> _engines = new(StringComparer.Ordinal);
    private readonly List<ClickHouseServer> _servers = [];
    private readonly SemaphoreSlim _turn = new(1);
    private int _databases;
    private PostgresCluster? _postgres;

    public PostgresCluster Postgres => _postgres!;

    public async ValueTask InitializeAsync() => _postgres = await PostgresCluster.StartAsync(CancellationToken.None);

    /// <summary>A new, empty database.</summary>
    public async Task<StoreAddress> CreateDatabaseAsync(StoreKind kind, CancellationToken cancellationToken)
    {
        string name = $"test_{Interlocked.Increment(ref _databases)}";
        if (kind == StoreKind.Postgres)
        {
            return await Postgres.CreateDatabaseAsync(name, cancellationToken);
        }

        ClickHouseServer server = await ServerAsync(name, cancellationToken);
        return await server.CreateDatabaseAsync(name, cancellationToken);
    }

    /// <summary>A database of ClickHouse that is not there.</summary>
    public async Task<StoreAddress> MissingDatabaseAsync(string name, CancellationToken cancellationToken) => (await ServerAsync(name, cancellationToken)).Address(name);

    /// <summary>Runs a statement in a database of ClickHouse; a SELECT that names its FORMAT gives its result as text.</summary>
    public Task<string> ExecuteAsync(string database, string sql, CancellationToken cancellationToken) => _engines[database].ExecuteAsync(database, sql, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (ClickHouseServer server in _servers)
        {
            await server.DisposeAsync();
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        _turn.Dispose();
    }

    private async Task<ClickHouseServer> ServerAsync(string database, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_engines.Count == _servers.Count * DatabasesOfAnEngine)
            {
                _servers.Add(await ClickHouseServer.StartAsync(CancellationToken.None));
            }

            _servers[^1].RequireRunning();
            return _engines[database] = _servers[^1];
        }
        finally
        {
            _turn.Release();
        }
    }
}
