namespace ECapture.Tests.Chaos.Checking;

/// <summary>A store, asked in its own SQL and past this program's code.</summary>
internal interface IStoreQuery
{
    /// <summary>The store's name in reports.</summary>
    string Name { get; }

    /// <summary>The question that a verdict rests on; {0} is a table.</summary>
    string Sql { get; }

    /// <summary>Runs a SELECT.</summary>
    Task<List<string[]>> SelectAsync(string sql, CancellationToken cancellationToken);
}
