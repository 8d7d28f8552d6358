using ECapture.Storage;
using ECapture.Tests.Support.ClickHouse;
using ECapture.Tests.Support.Postgres;

[assembly: AssemblyFixture(typeof(ECapture.Tests.Integration.Storage.StoresFixture))]

namespace ECapture.Tests.Integration.Storage;

/// <summary>One ClickHouse and one PostgreSQL for all tests that do not kill them; each test takes databases of its own.</summary>
public sealed class StoresFixture : IAsyncLifetime
{
    private int _databases;
    private ClickHouseServer? _clickHouse;
    private PostgresCluster? _postgres;

    public ClickHouseServer ClickHouse => _clickHouse!;

    public PostgresCluster Postgres => _postgres!;

    public async ValueTask InitializeAsync()
    {
        _clickHouse = await ClickHouseServer.StartAsync(CancellationToken.None);
        _postgres = await PostgresCluster.StartAsync(CancellationToken.None);
    }

    /// <summary>A new, empty database.</summary>
    public Task<StoreAddress> CreateDatabaseAsync(StoreKind kind, CancellationToken cancellationToken)
    {
        string name = $"test_{Interlocked.Increment(ref _databases)}";
        return kind == StoreKind.Postgres
            ? Postgres.CreateDatabaseAsync(name, cancellationToken)
            : ClickHouse.CreateDatabaseAsync(name, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_clickHouse is not null)
        {
            await _clickHouse.DisposeAsync();
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }
    }
}
