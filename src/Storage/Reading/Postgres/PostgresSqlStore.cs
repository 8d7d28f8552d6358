using ECapture.Storage.Postgres;
using ECapture.Storage.Reading.Sql;
using Npgsql;

namespace ECapture.Storage.Reading.Postgres;

/// <summary>Reads of PostgreSQL, in the binary protocol, a row at a time.</summary>
internal sealed class PostgresSqlStore(NpgsqlDataSource source, StoreAddress address) : ISqlStore
{
    public string Address => address.Text;

    public bool CutsTimes => true;

    public SqlText NewText() => new PostgresSqlText();

    public async Task<IRowReader> QueryAsync(SqlText sql, CancellationToken cancellationToken)
    {
        var text = (PostgresSqlText)sql;
        NpgsqlConnection? connection = null;
        NpgsqlBatch? command = null;
        try
        {
            connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            command = new NpgsqlBatch(connection) { Timeout = 0 };
            if (sql.IsBulk)
            {
                // Sorted in memory as far as this goes, then on the server's disk; the pool resets it.
                command.BatchCommands.Add(new NpgsqlBatchCommand("SET work_mem = '128MB'"));
            }

            NpgsqlBatchCommand select = new(text.ToString());
            foreach (NpgsqlParameter parameter in text.Parameters)
            {
                select.Parameters.Add(parameter);
            }

            command.BatchCommands.Add(select);
            NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            return new PostgresRowReader(connection, command, reader, address);
        }
        catch (Exception e)
        {
            if (command is not null)
            {
                await command.DisposeAsync().ConfigureAwait(false);
            }

            if (connection is not null)
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }

            if (PostgresErrors.Is(e) && !cancellationToken.IsCancellationRequested)
            {
                throw PostgresErrors.Translate(e, address, "reading");
            }

            throw;
        }
    }
}
