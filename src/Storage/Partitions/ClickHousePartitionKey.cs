using System.Text;
using ECapture.Storage.ClickHouse;

namespace ECapture.Storage.Partitions;

/// <summary>The partition keys that the event tables have in ClickHouse. A table keeps its key for life.</summary>
public static class ClickHousePartitionKey
{
    /// <summary>The key as the migrations write it.</summary>
    public const string Day = "toYYYYMMDD(ts)";

    private const string Hour = "toYYYYMMDD(ts) * 100 + toHour(ts)";

    private static readonly Dictionary<string, string> NoParameters = [];

    /// <summary>The key's expression: its value is the partition's name as a number.</summary>
    public static string Of(PartitionUnit unit) => unit == PartitionUnit.Day ? Day : Hour;

    /// <summary>A migration's statement with the key that a table is to have.</summary>
    /// <param name="statement">Maybe a <c>CREATE TABLE</c> of an event table.</param>
    /// <param name="rotation">The unit of a table.</param>
    internal static string Apply(string statement, Func<string, PartitionUnit> rotation)
    {
        const string Create = "CREATE TABLE IF NOT EXISTS `";
        int at = statement.IndexOf(Create, StringComparison.Ordinal);
        if (at < 0)
        {
            return statement;
        }

        int name = at + Create.Length;
        string table = statement[name..statement.IndexOf('`', name)];
        return statement.Replace("PARTITION BY " + Day, $"PARTITION BY ({Of(rotation(table))})", StringComparison.Ordinal);
    }

    /// <summary>The units that the tables of the current database have.</summary>
    /// <exception cref="StoreException">The engine refused or cannot be reached.</exception>
    public static async Task<IReadOnlyDictionary<string, PartitionUnit>> ReadAsync(IClickHouse engine, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(engine);
        using Stream result = await engine.QueryAsync(
            "SELECT name, partition_key FROM system.tables WHERE database = currentDatabase()", NoParameters, "TSV", cancellationToken).ConfigureAwait(false);
        using StreamReader reader = new(result, Encoding.UTF8);
        Dictionary<string, PartitionUnit> units = new(StringComparer.Ordinal);
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            string[] columns = line.Split('\t');
            units[columns[0]] = columns[1].Contains("toHour", StringComparison.Ordinal) ? PartitionUnit.Hour : PartitionUnit.Day;
        }

        return units;
    }
}
