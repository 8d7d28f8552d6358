using ECapture.Storage.ClickHouse;
using ECapture.Storage.ClickHouse.InProcess;
using ECapture.Storage.Migrations;
using ECapture.Storage.Partitions;
using ECapture.Storage.Postgres;

namespace ECapture.Storage;

/// <summary>Opens stores by their addresses.</summary>
public static class StoreFactory
{
    /// <summary>
    /// Connects, and for a writer applies the migrations that are missing. An in-process engine boots here: open it before anything
    /// else in the process (see <see cref="ChdbEngine"/>), and once: sink and query of one process share it.
    /// </summary>
    /// <param name="address">Where.</param>
    /// <param name="role">A reader is refused when the tables are not there yet.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="rotation">What the partitions of a table cover that is made now (ClickHouse: for the table's life); null: days.</param>
    /// <returns>A <see cref="ClickHouseStore"/> or a <see cref="PostgresStore"/>; the caller disposes of it.</returns>
    /// <exception cref="StoreException">
    /// It cannot be reached (<see cref="StoreException.IsTransient"/>), refuses the user, or has a schema of another version.
    /// </exception>
    /// <exception cref="FormatException">An option of the address has no valid value.</exception>
    public static async Task<Store> OpenAsync(
        StoreAddress address, StoreRole role, CancellationToken cancellationToken, Func<string, PartitionUnit>? rotation = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        Store store = address.Kind switch
        {
            StoreKind.ClickHouse => new ClickHouseStore(address, new ClickHouseHttp(address)),
            StoreKind.ClickHouseInProcess => new ClickHouseStore(address, await BootAsync(address, role, cancellationToken).ConfigureAwait(false)),
            StoreKind.Postgres => new PostgresStore(address, PostgresConnections.CreateDataSource(address)),
            _ => throw new ArgumentOutOfRangeException(nameof(address)),
        };
        try
        {
            Task prepared = (store, role) switch
            {
                (ClickHouseStore s, StoreRole.Writer) => ClickHouseMigrations.ApplyAsync(s.Engine, address, cancellationToken, rotation),
                (ClickHouseStore s, _) => ClickHouseMigrations.CheckAsync(s.Engine, address, cancellationToken),
                (PostgresStore s, StoreRole.Writer) => PostgresMigrations.ApplyAsync(s.DataSource, address, cancellationToken),
                (PostgresStore s, _) => PostgresMigrations.CheckAsync(s.DataSource, address, cancellationToken),
                _ => throw new ArgumentOutOfRangeException(nameof(address)),
            };
            await prepared.ConfigureAwait(false);
            return store;
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<IClickHouse> BootAsync(StoreAddress address, StoreRole role, CancellationToken cancellationToken)
    {
        if (role == StoreRole.Reader && !Directory.Exists(address.Directory))
        {
            throw new StoreException($"{address}: there is no such directory; start a writer on it first (ecapture run)", isTransient: false);
        }

        ChdbEngine engine = ChdbEngine.Open(address.Directory);
        try
        {
            await using ChdbClickHouse bootstrap = new(engine, "default", ownsEngine: false);
            await bootstrap.DefineDatabaseAsync(address.Database, cancellationToken).ConfigureAwait(false);
            return new ChdbClickHouse(engine, address.Database, ownsEngine: true);
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }
}
