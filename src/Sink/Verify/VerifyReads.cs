using System.Runtime.CompilerServices;
using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage.Reading.Reads;
using ECapture.Storage.Reading.Sql;
using ECapture.Storage.Tables;
using Google.Protobuf;

namespace ECapture.Sink.Verify;

/// <summary>What verifying reads of a store. Everything that can be long is a cursor.</summary>
internal sealed class VerifyReads(ISqlStore store)
{
    /// <summary>The streams that have rows.</summary>
    /// <param name="host">Only those of this host; null: all.</param>
    /// <param name="run">Only those of this run; null: all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<List<StoredStream>> StreamsAsync(string? host, Guid? run, CancellationToken cancellationToken)
    {
        List<StoredStream> streams = [];
        foreach (EventTable table in EventTable.All.Where(table => table.Name != Topics.Http)) // derived: no stream of a log
        {
            SqlText sql = store.NewText();
            sql.Append($"SELECT run, partition, count(*), min(ts), max(ts) FROM {table.Name} WHERE 1 = 1");
            if (run is { } wanted)
            {
                sql.Append($" AND run = {sql.Uuid(wanted)}");
            }

            if (host is not null)
            {
                sql.Append(" AND " + sql.AnyOfTexts("host", [host]));
            }

            sql.Append(" GROUP BY run, partition ORDER BY run, partition");
            IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable end = rows.ConfigureAwait(false);
            while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                streams.Add(new StoredStream(rows.Uuid(0), table.Name, (int)rows.Number(1), (long)rows.Number(2), rows.Time(3), rows.Time(4)));
            }
        }

        return streams;
    }

    /// <summary>What a run said of itself.</summary>
    public async Task<RunRecord> RunAsync(Guid run, CancellationToken cancellationToken)
    {
        RunRecord record = new();
        await foreach (Event entry in AgentEventsAsync(run, null, cancellationToken).ConfigureAwait(false))
        {
            record.Host = entry.Host.Length > 0 ? entry.Host : record.Host;
            switch (entry.PayloadCase)
            {
                case Event.PayloadOneofCase.AgentState when entry.AgentState.State == AgentState.Types.State.Started:
                    record.Started = (long)entry.WallNs;
                    break;
                case Event.PayloadOneofCase.AgentState when entry.AgentState.State == AgentState.Types.State.Stopped:
                    record.Stopped = (long)entry.WallNs;
                    break;
                case Event.PayloadOneofCase.Loss:
                    (string, string) key = (entry.Loss.Where, entry.Loss.Why);
                    record.Losses[key] = record.Losses.GetValueOrDefault(key) + entry.Loss.Records;
                    break;
                case Event.PayloadOneofCase.Checkpoint:
                    record.LastCheckpoint = (long)entry.WallNs;
                    foreach (Checkpoint.Types.Stream stream in entry.Checkpoint.Streams)
                    {
                        record.Streams[(stream.Topic, (int)stream.Partition)] = stream.LastSequence;
                    }

                    break;
            }
        }

        return record;
    }

    /// <summary>What retention dropped of a run, by stream.</summary>
    public async Task<Dictionary<(string Topic, int Partition), ExpiredRanges>> ExpiredAsync(Guid run, CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.Append($"SELECT {sql.NameColumn("topic")} AS t, partition, first_sequence, last_sequence, rows FROM expired WHERE run = {sql.Uuid(run)}");
        IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable end = rows.ConfigureAwait(false);
        List<(string Topic, int Partition, SequenceRange Range, long Rows)> entries = [];
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            entries.Add((Encoding.UTF8.GetString(rows.Bytes(0)), (int)rows.Number(1), new SequenceRange(rows.Number(2), rows.Number(3)), (long)rows.Number(4)));
        }

        return entries.GroupBy(e => (e.Topic, e.Partition)).ToDictionary(g => g.Key, g => new ExpiredRanges(g.Select(e => (e.Range, e.Rows))));
    }

    /// <summary>A stream's checkpoints, in order.</summary>
    public async IAsyncEnumerable<StreamCheckpoint> CheckpointsAsync(
        Guid run, string topic, int partition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Event entry in AgentEventsAsync(run, Event.CheckpointFieldNumber, cancellationToken).ConfigureAwait(false))
        {
            Checkpoint.Types.Stream? found = entry.Checkpoint?.Streams.FirstOrDefault(s => s.Topic == topic && s.Partition == partition);
            if (found is not null)
            {
                yield return new StreamCheckpoint(found.LastSequence, found.Count, found.Sha256.ToByteArray());
            }
        }
    }

    /// <summary>The rows of a stream, in the order of their sequences: sequence, data_at, event, data.</summary>
    public Task<IRowReader> EventsAsync(StoredStream stream, CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.IsBulk = true;
        sql.Append($"SELECT sequence, data_at, event, data FROM {stream.Topic} WHERE run = {sql.Uuid(stream.Run)} AND partition = {sql.Number((ulong)stream.Partition)}");
        sql.Append($" AND ts >= {sql.TimeFloor(stream.From)} AND ts <= {sql.TimeCeiling(stream.To + 999)} ORDER BY sequence");
        return store.QueryAsync(sql, cancellationToken);
    }

    // A row that somebody made unreadable says nothing here; its stream shows that it was altered.
    private async IAsyncEnumerable<Event> AgentEventsAsync(Guid run, ulong? kind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.Append($"SELECT data_at, event, data FROM {Topics.Agent} WHERE run = {sql.Uuid(run)}");
        if (kind is { } wanted)
        {
            sql.Append($" AND kind = {sql.Number(wanted)}");
        }

        sql.Append(" ORDER BY partition, sequence");
        IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable end = rows.ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (Parse(RebuiltEvent.Encode(rows, 0, 1, 2)) is { } entry)
            {
                yield return entry;
            }
        }
    }

    private static Event? Parse(byte[] encoded)
    {
        try
        {
            return Event.Parser.ParseFrom(encoded);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
