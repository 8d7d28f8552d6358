using System.Runtime.CompilerServices;

namespace ECapture.Storage.Reading.Sql;

/// <summary>The rows of a statement, one after the other.</summary>
internal static class SqlRows
{
    /// <summary>Runs a SELECT.</summary>
    /// <returns>The reader at each row: the same object, to be read before the next is asked for.</returns>
    /// <exception cref="StoreException">The store failed.</exception>
    public static async IAsyncEnumerable<IRowReader> RowsAsync(this ISqlStore store, SqlText sql, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return rows;
        }
    }
}
