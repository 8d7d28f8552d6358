using System.Runtime.CompilerServices;
using ECapture.Events;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Operations;
using ECapture.Storage.Reading.Sql;
using ECapture.Storage.Tables;

namespace ECapture.Sink.Verify;

/// <summary>
/// Holds every stream of a store against its checkpoints (docs/reliability.md, "verify"). Parameters: run, host, since (nanoseconds of the epoch), json.
/// </summary>
public static class VerifyOperation
{
    /// <summary>A run that goes on has events on their way: what its last checkpoints say may not be stored yet.</summary>
    private static readonly TimeSpan s_onTheirWay = TimeSpan.FromMinutes(2);

    /// <summary>Verifies and reports.</summary>
    /// <returns>0; 1 when an event is missing, altered or stored twice.</returns>
    /// <exception cref="Storage.StoreException">The store failed.</exception>
    /// <exception cref="SinkException">A parameter cannot be used.</exception>
    public static async Task<int> RunAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        OperationParameters parameters = context.Parameters;
        Guid? wanted = parameters.Text("run") is not { } text ? null
            : Guid.TryParse(text, out Guid parsed) ? parsed
            : throw new SinkException($"run: '{text}' is no UUID; `ecapture verify` lists the runs");
        VerifyReads reads = new(SqlStore.Of(context.Store));
        DeadLetterReads letters = new(SqlStore.Of(context.Store));
        List<StoredStream> streams = await reads.StreamsAsync(parameters.Text("host"), wanted, cancellationToken).ConfigureAwait(false);
        long since = parameters.Number("since") ?? long.MinValue;
        VerifyReport report = new(context.Output, parameters.IsSet("json"));
        foreach (IGrouping<Guid, StoredStream> run in streams.GroupBy(s => s.Run).Where(g => g.Max(s => s.To) >= since).OrderBy(g => g.Min(s => s.From)))
        {
            RunRecord record = await reads.RunAsync(run.Key, cancellationToken).ConfigureAwait(false);
            Dictionary<(string, int), ExpiredRanges> expired = await reads.ExpiredAsync(run.Key, cancellationToken).ConfigureAwait(false);
            await report.RunAsync(run.Key, record).ConfigureAwait(false);
            bool mayBeOnTheirWay = record.Stopped is null && record.LastCheckpoint is { } last && Now() - last < s_onTheirWay.Ticks * 100;
            foreach (StoredStream stream in run)
            {
                StreamFindings found = await StreamAsync(
                    reads, stream, expired.GetValueOrDefault((stream.Topic, stream.Partition), ExpiredRanges.None), cancellationToken).ConfigureAwait(false);
                await AddDeadLettersAsync(letters, (stream.Run, stream.Topic, stream.Partition), found, cancellationToken).ConfigureAwait(false);
                await report.StreamAsync(stream.Run, stream.Topic, stream.Partition, found, mayBeOnTheirWay).ConfigureAwait(false);
            }

            foreach (((string topic, int partition), ulong lastSequence) in record.Streams)
            {
                if (EventTable.Of(topic) is not null && !run.Any(s => s.Topic == topic && s.Partition == partition))
                {
                    StreamFindings none = new(expired.GetValueOrDefault((topic, partition), ExpiredRanges.None));
                    none.AddMissingAtEnd(0, lastSequence);
                    none.End();
                    await AddDeadLettersAsync(letters, (run.Key, topic, partition), none, cancellationToken).ConfigureAwait(false);
                    await report.StreamAsync(run.Key, topic, partition, none, mayBeOnTheirWay).ConfigureAwait(false);
                }
            }

            await report.EndRunAsync(run.Key, record).ConfigureAwait(false);
        }

        return await report.EndAsync().ConfigureAwait(false);
    }

    private static async Task<StreamFindings> StreamAsync(VerifyReads reads, StoredStream stream, ExpiredRanges expired, CancellationToken cancellationToken)
    {
        IAsyncEnumerator<StreamCheckpoint> checkpoints =
            reads.CheckpointsAsync(stream.Run, stream.Topic, stream.Partition, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using ConfiguredAsyncDisposable endOfCheckpoints = checkpoints.ConfigureAwait(false);
        StreamVerifier verifier = new(checkpoints, expired);
        IRowReader rows = await reads.EventsAsync(stream, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable endOfRows = rows.ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            int length = Assemble(rows, verifier);
            await verifier.AddAsync(rows.Number(0), length, EventCut.IsCut(verifier.Room(length))).ConfigureAwait(false);
        }

        await verifier.EndAsync().ConfigureAwait(false);
        return verifier.Findings;
    }

    // What the store refused is missing in its table, and kept with its bytes.
    private static async Task AddDeadLettersAsync(
        DeadLetterReads letters, (Guid Run, string Topic, int Partition) stream, StreamFindings found, CancellationToken cancellationToken)
    {
        if (found.MissingCount == 0)
        {
            return;
        }

        HashSet<ulong> sequences = [];
        await foreach (byte[] bytes in letters.RefusedAsync(stream.Topic, cancellationToken).ConfigureAwait(false))
        {
            if (EventReader.TryRead(bytes, out EventFields fields) && fields.Run.Length == 16 && fields.Partition == (uint)stream.Partition
                && new Guid(fields.Run.Of(bytes), bigEndian: true) == stream.Run)
            {
                sequences.Add(fields.Sequence);
            }
        }

        found.DeadLetters = Math.Min(found.MissingCount, (ulong)sequences.Count);
    }

    // event[0..data_at] + data + event[data_at..]
    private static int Assemble(IRowReader rows, StreamVerifier verifier)
    {
        ReadOnlySpan<byte> rest = rows.Bytes(2);
        ReadOnlySpan<byte> main = rows.Bytes(3);
        int at = (int)Math.Min(rows.Number(1), (ulong)rest.Length);
        Span<byte> room = verifier.Room(rest.Length + main.Length);
        rest[..at].CopyTo(room);
        main.CopyTo(room[at..]);
        rest[at..].CopyTo(room[(at + main.Length)..]);
        return room.Length;
    }

    private static long Now() => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;
}
