using ECapture.Events;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Whom secrets are sealed to.</summary>
internal static class SealedRowsRead
{
    public static async Task<IReadOnlyList<SealedRows>> RunAsync(ISqlStore store, CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        string recipients = sql.NameColumn("sealed_to");
        sql.Append($"SELECT {recipients} AS r, count(*), min(ts), max(ts) FROM {TableNames.Of(Topics.Secret)} GROUP BY sealed_to ORDER BY r");
        await using IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        var texts = new TextCache();
        var found = new List<SealedRows>();
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            found.Add(new SealedRows(texts.Get(rows.Bytes(0)), (long)rows.Number(1), rows.Time(2), rows.Time(3)));
        }

        return found;
    }
}
