using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Joins the ends of shell commands (host, run, command) and of processes (host, boot, pid, start) to their beginnings.</summary>
internal static class ResultRead
{
    public static async Task JoinAsync(ISqlStore store, List<StoredEvent> batch, CancellationToken cancellationToken)
    {
        var commands = new Dictionary<(string Topic, string Host, Guid Run, ulong Command), StoredEvent>();
        var processes = new Dictionary<(string Host, Guid Boot, ulong Pid, ulong Start), StoredEvent>();
        foreach (StoredEvent stored in batch)
        {
            Event e;
            if (stored.Id.Topic is Topics.Bash or Topics.Zsh && (e = stored.Event).PayloadCase == Event.PayloadOneofCase.ShellCommand)
            {
                commands[(stored.Id.Topic, e.Host, stored.Id.Run, e.ShellCommand.Command)] = stored;
            }
            else if (stored.Id.Topic == Topics.Process && (e = stored.Event).PayloadCase == Event.PayloadOneofCase.ProcessExec
                && e.Process is { } process && e.Boot.Length == 16)
            {
                // A process that executes several programs ends once: the end belongs to each.
                processes.TryAdd((e.Host, new Guid(e.Boot.Span, bigEndian: true), process.Pid, process.StartNs), stored);
            }
        }

        foreach (string topic in commands.Keys.Select(k => k.Topic).Distinct())
        {
            SqlText sql = store.NewText();
            sql.Append($"SELECT {sql.NameColumn("host")} AS h, run, command, exit_status, ts FROM {TableNames.Of(topic)}");
            sql.Append($" WHERE kind = {sql.Number(EventKinds.ShellResult)} AND exit_status IS NOT NULL");
            sql.Append($" AND ts >= {sql.TimeFloor(commands.Where(c => c.Key.Topic == topic).Min(c => c.Value.Time))}");
            sql.Append($" AND {sql.AnyOf("command", [.. commands.Keys.Where(k => k.Topic == topic).Select(k => k.Command).Distinct()])}");
            await foreach (IRowReader row in RowsAsync(store, sql, cancellationToken).ConfigureAwait(false))
            {
                if (commands.TryGetValue((topic, Text(row, 0), row.Uuid(1), row.Number(2)), out StoredEvent? command))
                {
                    command.Result = new StoredResult((int)row.Number(3), row.Time(4));
                }
            }
        }

        if (processes.Count > 0)
        {
            SqlText sql = store.NewText();
            sql.Append($"SELECT {sql.NameColumn("host")} AS h, boot, pid, process_start, exit_status, ts FROM {TableNames.Of(Topics.Process)}");
            sql.Append($" WHERE kind = {sql.Number(EventKinds.ProcessExit)} AND exit_status IS NOT NULL");
            sql.Append($" AND ts >= {sql.TimeFloor(processes.Values.Min(s => s.Time))}");
            sql.Append($" AND {sql.AnyOf("pid", [.. processes.Keys.Select(k => k.Pid).Distinct()])}");
            var results = new Dictionary<(string, Guid, ulong, ulong), StoredResult>();
            await foreach (IRowReader row in RowsAsync(store, sql, cancellationToken).ConfigureAwait(false))
            {
                (string, Guid, ulong, ulong) key = (Text(row, 0), row.Uuid(1), row.Number(2), row.Number(3));
                if (processes.ContainsKey(key))
                {
                    results[key] = new StoredResult((int)row.Number(4), row.Time(5));
                }
            }

            foreach (StoredEvent stored in batch)
            {
                if (stored.Id.Topic == Topics.Process && stored.Event is { PayloadCase: Event.PayloadOneofCase.ProcessExec, Process: { } process } e
                    && e.Boot.Length == 16
                    && results.TryGetValue((e.Host, new Guid(e.Boot.Span, bigEndian: true), process.Pid, process.StartNs), out StoredResult? result))
                {
                    stored.Result = result;
                }
            }
        }
    }

    private static string Text(IRowReader row, int column) => System.Text.Encoding.UTF8.GetString(row.Bytes(column));

    private static async IAsyncEnumerable<IRowReader> RowsAsync(
        ISqlStore store, SqlText sql, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return rows;
        }
    }
}
