using System.Runtime.CompilerServices;
using System.Text;
using ECapture.Sink.Books;
using ECapture.Sink.Delivery;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Sink.DeadLetters;

/// <summary>Reads dead letters.</summary>
internal sealed class DeadLetterReads(ISqlStore store)
{
    private const string Place = "log, topic, log_partition, log_offset";

    /// <summary>Lists them, oldest first, without their bytes.</summary>
    public async IAsyncEnumerable<StoredDeadLetter> ListAsync(
        string? topic, long? since, bool withResolved, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<PartitionId, long> gone = await new BookReads(store).LettersGoneAsync(cancellationToken).ConfigureAwait(false);
        SqlText sql = Select(withBytes: false);
        if (topic is not null)
        {
            sql.Append(" AND " + sql.AnyOfTexts("topic", [topic]));
        }

        if (since is { } from)
        {
            sql.Append($" AND at >= {sql.TimeFloor(from)}");
        }

        if (!withResolved)
        {
            sql.Append($" AND ({Place}) NOT IN (SELECT {Place} FROM dead_letter_resolved)");
        }

        sql.Append(" ORDER BY at, topic, log_partition, log_offset");
        IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable end = rows.ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (Read(rows) is var letter && !HasGone(letter.Id, gone))
            {
                yield return letter;
            }
        }
    }

    /// <summary>The records of a topic that the store refused and that are open: events, which their streams lack.</summary>
    public async IAsyncEnumerable<byte[]> RefusedAsync(string topic, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SqlText sql = Select(withBytes: true);
        sql.Append($" AND {sql.AnyOfTexts("topic", [topic])} AND {sql.AnyOfTexts("kind", [DeadLetterKind.Refused])} AND ({Place}) NOT IN (SELECT {Place} FROM dead_letter_resolved)");
        await foreach (IRowReader rows in store.RowsAsync(sql, cancellationToken).ConfigureAwait(false))
        {
            yield return rows.Bytes(9).ToArray();
        }
    }

    /// <summary>Finds one with its bytes. A record that the store keeps twice is one letter.</summary>
    /// <exception cref="SinkException">There is none, or several logs have it.</exception>
    public async Task<StoredDeadLetter> FindAsync(DeadLetterId id, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<PartitionId, long> gone = await new BookReads(store).LettersGoneAsync(cancellationToken).ConfigureAwait(false);
        SqlText sql = Select(withBytes: true);
        sql.Append(" AND " + sql.AnyOfTexts("topic", [id.Topic]));
        sql.Append(" AND " + sql.AnyOf("log_partition", [(ulong)id.Partition]));
        sql.Append(" AND " + sql.AnyOf("log_offset", [(ulong)id.Offset]));
        if (id.Log is not null)
        {
            sql.Append(" AND " + sql.AnyOfTexts("log", [id.Log]));
        }

        IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable end = rows.ConfigureAwait(false);
        StoredDeadLetter? found = null;
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            StoredDeadLetter next = Read(rows) with { Bytes = rows.Bytes(9).ToArray() };
            if (HasGone(next.Id, gone))
            {
                continue;
            }

            if (found is not null && found.Id != next.Id)
            {
                throw new SinkException($"several logs have a dead letter {id}: name one of {found.Id}, {next.Id}");
            }

            found = next;
        }

        return found ?? throw new SinkException($"there is no dead letter {id}; `ecapture dlq list --all` shows those that there are");
    }

    // Counted as gone, and not taken away yet.
    private static bool HasGone(DeadLetterId id, IReadOnlyDictionary<PartitionId, long> gone) =>
        gone.TryGetValue(new PartitionId(id.Log ?? "", id.Topic, id.Partition), out long end) && id.Offset < end;

    private SqlText Select(bool withBytes)
    {
        SqlText sql = store.NewText();
        string bytes = withBytes ? ", event" : "";
        return sql.Append(
            $"SELECT {sql.NameColumn("log")} AS l, {sql.NameColumn("topic")} AS t, log_partition, log_offset, {sql.Milliseconds("at")} AS m, "
            + $"{sql.NameColumn("kind")} AS k, {sql.NameColumn("error")} AS e, "
            + $"length(event) AS n, CASE WHEN ({Place}) IN (SELECT {Place} FROM dead_letter_resolved) THEN 1 ELSE 0 END AS r{bytes} FROM dead_letter WHERE 1 = 1");
    }

    private static StoredDeadLetter Read(IRowReader rows)
    {
        DeadLetterId id = new(
            Text(rows, 1), (int)rows.Number(2), (long)rows.Number(3), Text(rows, 0));
        return new StoredDeadLetter(id, (long)rows.Number(4), Text(rows, 5), Text(rows, 6), (long)rows.Number(7), rows.Number(8) != 0);
    }

    private static string Text(IRowReader rows, int column) => Encoding.UTF8.GetString(rows.Bytes(column));
}
