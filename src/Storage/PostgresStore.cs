using ECapture.Storage.Postgres;
using Npgsql;

namespace ECapture.Storage;

/// <summary>An open PostgreSQL.</summary>
public sealed class PostgresStore : Store
{
    internal PostgresStore(StoreAddress address, NpgsqlDataSource dataSource)
        : base(address) => DataSource = dataSource;

    /// <summary>Connections to the address's database.</summary>
    public NpgsqlDataSource DataSource { get; }

    /// <inheritdoc/>
    public override async Task PingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using NpgsqlConnection connection = await DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using NpgsqlCommand command = new("SELECT 1", connection);
            await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            throw PostgresErrors.Translate(e, Address, "checking the connection");
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => DataSource.DisposeAsync();
}
