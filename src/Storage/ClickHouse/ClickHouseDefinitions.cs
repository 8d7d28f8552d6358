using System.Globalization;
using System.Text;

namespace ECapture.Storage.ClickHouse;

/// <summary>Statements that write what a table or a database is.</summary>
internal static class ClickHouseDefinitions
{
    /// <summary>Free bytes below which no definition is written. One takes a few KB; the rest is for what others write meanwhile.</summary>
    public const long Room = 8 << 20;

    /// <summary>Runs a CREATE or an ALTER of columns, indexes or settings, when the engine's disk has room for the definition.</summary>
    /// <remarks>
    /// On a full disk the engine (26.x, measured) answers that all is well, leaves an empty definition, and does not start again. It is asked for its space first; who fills up all that
    /// <see cref="Room"/> leaves between the question and the statement defeats this.
    /// </remarks>
    /// <exception cref="StoreException">There is no room (transient), the engine refused, or it cannot be reached.</exception>
    public static async Task DefineAsync(this IClickHouse engine, string sql, CancellationToken cancellationToken)
    {
        if (await FreeAsync(engine, cancellationToken).ConfigureAwait(false) is { } free && free < Room)
        {
            throw new StoreException(
                string.Create(CultureInfo.InvariantCulture, $"{engine.Address}: its disk has {free >> 10} KiB left, and tables are defined only with {Room >> 20} MiB: free space there; it is tried again"),
                isTransient: true);
        }

        await engine.ExecuteAsync(sql, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a database that is not there.</summary>
    /// <exception cref="StoreException">As <see cref="DefineAsync"/>.</exception>
    public static async Task DefineDatabaseAsync(this IClickHouse engine, string name, CancellationToken cancellationToken)
    {
        Dictionary<string, string> parameters = new() { ["name"] = name };
        if (await NumberAsync(engine, "SELECT 1 FROM system.databases WHERE name = {name:String}", parameters, cancellationToken).ConfigureAwait(false) is null)
        {
            await engine.DefineAsync("CREATE DATABASE IF NOT EXISTS " + ClickHouseText.QuoteName(name), cancellationToken).ConfigureAwait(false);
        }
    }

    // Definitions are on the disk that is called default. Null: the engine has none of that name.
    private static Task<long?> FreeAsync(IClickHouse engine, CancellationToken cancellationToken) =>
        NumberAsync(engine, "SELECT free_space FROM system.disks WHERE name = 'default' AND total_space > 0", [], cancellationToken);

    private static async Task<long?> NumberAsync(IClickHouse engine, string sql, Dictionary<string, string> parameters, CancellationToken cancellationToken)
    {
        using Stream result = await engine.QueryAsync(sql, parameters, "TSV", cancellationToken).ConfigureAwait(false);
        using StreamReader reader = new(result, Encoding.ASCII);
        return long.TryParse(await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
    }
}
