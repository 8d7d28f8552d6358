using ECapture.Storage.Postgres;
using ECapture.Storage.Reading.Sql;
using Npgsql;

namespace ECapture.Storage.Reading.Postgres;

/// <summary>Rows of a PostgreSQL result. Bytes are copied into buffers that are used again for each row.</summary>
internal sealed class PostgresRowReader(
    NpgsqlConnection connection, NpgsqlBatch command, NpgsqlDataReader reader, StoreAddress address) : IRowReader
{
    private readonly byte[]?[] _buffers = new byte[]?[reader.FieldCount];
    private readonly TypeCode[] _types = [.. Enumerable.Range(0, reader.FieldCount).Select(i => Type.GetTypeCode(reader.GetFieldType(i)))];
    private bool _isComplete;

    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            bool isRow = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            _isComplete = !isRow;
            return isRow;
        }
        catch (Exception e) when (PostgresErrors.Is(e) && !cancellationToken.IsCancellationRequested)
        {
            throw PostgresErrors.Translate(e, address, "reading");
        }
    }

    public bool IsNull(int column) => reader.IsDBNull(column);

    public ulong Number(int column) => _types[column] switch
    {
        TypeCode.Int16 => (ulong)reader.GetInt16(column),
        TypeCode.Int32 => (ulong)reader.GetInt32(column),
        _ => (ulong)reader.GetInt64(column),
    };

    public Guid Uuid(int column) => reader.GetGuid(column);

    public long Time(int column) => (reader.GetDateTime(column) - DateTime.UnixEpoch).Ticks * 100;

    public ReadOnlySpan<byte> Bytes(int column)
    {
        int length = (int)reader.GetBytes(column, 0, null, 0, 0);
        byte[]? buffer = _buffers[column];
        if (buffer is null || buffer.Length < length)
        {
            _buffers[column] = buffer = new byte[Math.Max(length, 256)];
        }

        reader.GetBytes(column, 0, buffer, 0, length);
        return buffer.AsSpan(0, length);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isComplete)
        {
            command.Cancel(); // else closing would read the rest of the result
        }

        try
        {
            await reader.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (!_isComplete && (PostgresErrors.Is(e) || e is OperationCanceledException))
        {
            // The answer to the cancellation; nobody waits for the rest of the rows.
        }

        await command.DisposeAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
    }
}
