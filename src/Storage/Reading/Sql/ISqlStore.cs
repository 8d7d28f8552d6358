namespace ECapture.Storage.Reading.Sql;

/// <summary>What the reads need of a store.</summary>
internal interface ISqlStore
{
    string Address { get; }

    /// <summary>True when the column <c>ts</c> lacks nanoseconds.</summary>
    bool CutsTimes { get; }

    SqlText NewText();

    /// <summary>Runs a SELECT.</summary>
    /// <exception cref="StoreException">The store failed.</exception>
    Task<IRowReader> QueryAsync(SqlText sql, CancellationToken cancellationToken);
}
