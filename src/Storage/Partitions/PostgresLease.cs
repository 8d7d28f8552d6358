using ECapture.Storage.Postgres;
using Npgsql;

namespace ECapture.Storage.Partitions;

/// <summary>An advisory lock of a session: it ends with the session, whatever ends that.</summary>
internal sealed class PostgresLease : IStoreLease
{
    private readonly PostgresStore _store;
    private readonly string _name;

    private PostgresLease(PostgresStore store, NpgsqlConnection connection, string name)
    {
        _store = store;
        Connection = connection;
        _name = name;
    }

    /// <summary>The session.</summary>
    public NpgsqlConnection Connection { get; }

    public static async Task<PostgresLease?> TryTakeAsync(PostgresStore store, string name, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await store.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await CallAsync(connection, "pg_try_advisory_lock", name, cancellationToken).ConfigureAwait(false))
            {
                return new PostgresLease(store, connection, name);
            }
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        await connection.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    public async Task RequireAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using NpgsqlCommand command = new("SELECT 1", Connection);
            await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            throw PostgresErrors.Translate(e, _store.Address, "holding its lease");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await CallAsync(Connection, "pg_advisory_unlock", _name, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            NpgsqlConnection.ClearPool(Connection); // the session is broken: it must not be used again with the lock on it
        }

        await Connection.DisposeAsync().ConfigureAwait(false);
    }

    // Locks of other programs in the same database are other numbers.
    private static async Task<bool> CallAsync(NpgsqlConnection connection, string function, string name, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new($"SELECT {function}(hashtextextended('ecapture lease ' || $1, 0))", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }
}
