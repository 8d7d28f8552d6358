using System.Text;
using ECapture.Storage.ClickHouse;

namespace ECapture.Storage.Partitions;

/// <summary>Small results as texts. Columns must hold nothing that TSV escapes: numbers, names, base64.</summary>
internal static class ClickHouseRows
{
    public static async Task<List<string[]>> ReadAsync(
        IClickHouse engine, string sql, IReadOnlyDictionary<string, string> parameters, CancellationToken cancellationToken)
    {
        using Stream result = await engine.QueryAsync(sql, parameters, "TSV", cancellationToken).ConfigureAwait(false);
        using StreamReader reader = new(result, Encoding.UTF8);
        List<string[]> rows = [];
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            rows.Add(line.Split('\t'));
        }

        return rows;
    }
}
