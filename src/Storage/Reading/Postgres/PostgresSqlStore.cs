using ECapture.Storage.Postgres;
using ECapture.Storage.Reading.Sql;
using Npgsql;

namespace ECapture.Storage.Reading.Postgres;

/// <summary>Reads of PostgreSQL, in the binary protocol: a row at a time, or large results as a COPY.</summary>
internal sealed class PostgresSqlStore(NpgsqlDataSource source, StoreAddress address) : ISqlStore
{
    // Compiling a statement takes longer than most of them do: 300 ms for the flows of an hour.
    private const string Settings = "SET jit = off";

    // Groups of many columns look many more than they are: with 4 MB they would be sorted on the disk. In a parallel append each worker would take a table, and the largest be one worker's,
    // who is slower than this process.
    private static readonly string[] s_summarySettings = [Settings, "SET work_mem = '64MB'", "SET enable_parallel_append = off"];

    public string Address => address.Text;

    public bool CutsTimes => true;

    public SqlText NewText() => new PostgresSqlText();

    public async Task<IRowReader> QueryAsync(SqlText sql, CancellationToken cancellationToken)
    {
        var text = (PostgresSqlText)sql;
        if (sql.IsBulk)
        {
            return await CopyAsync(text, cancellationToken).ConfigureAwait(false);
        }

        NpgsqlConnection? connection = null;
        NpgsqlBatch? command = null;
        try
        {
            connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            command = new NpgsqlBatch(connection) { Timeout = 0 };
            foreach (string setting in sql.IsSummary ? s_summarySettings : [Settings])
            {
                command.BatchCommands.Add(new NpgsqlBatchCommand(setting));
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

    private async Task<IRowReader> CopyAsync(PostgresSqlText text, CancellationToken cancellationToken)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            // Sorted in memory as far as this goes, then on the server's disk; the pool resets it.
            using (NpgsqlCommand settings = new(Settings + "; SET work_mem = '128MB'", connection))
            {
                await settings.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }

            NpgsqlRawCopyStream copy = await connection.BeginRawBinaryCopyAsync($"COPY ({text.WithValues()}) TO STDOUT (FORMAT BINARY)", cancellationToken).ConfigureAwait(false);
            copy.ReadTimeout = Timeout.Infinite; // what is sorted first comes late; the caller's token ends it
            return new PostgresCopyReader(connection, copy, address);
        }
        catch (Exception e)
        {
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
