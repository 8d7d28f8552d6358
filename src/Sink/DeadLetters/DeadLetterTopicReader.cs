using System.Runtime.CompilerServices;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using Google.Protobuf;

namespace ECapture.Sink.DeadLetters;

/// <summary>Reads the topics <c>….dlq</c> of a log: each dead letter whole and once, however often it was put there.</summary>
/// <param name="log">The log.</param>
/// <param name="maxBytes">What records that are not complete may take in memory together; a larger record is left out: no log takes such records, so no sink put it there.</param>
internal sealed class DeadLetterTopicReader(ILogReader log, long maxBytes = 64 << 20)
{
    // Pieces of one record follow each other; those of a sink that was killed in between stay alone.
    private const int MaxIncomplete = 16;

    /// <param name="topic">The topic without .dlq; null: all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LogException">The log cannot be read.</exception>
    public async IAsyncEnumerable<StoredDeadLetter> ReadAsync(string? topic, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (TopicPartition place in await log.PartitionsAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!Topics.IsDeadLetters(place.Topic) || (topic is not null && place.Topic != Topics.DeadLetters(topic)))
            {
                continue;
            }

            SaidLetters said = new(); // what is said again has the same place in the topic
            Dictionary<(DeadLetterId Id, string Store), MemoryStream> incomplete = [];
            (long first, long next) = await log.GetBoundsAsync(place, cancellationToken).ConfigureAwait(false);
            await foreach (ReadOnlyMemory<LogRecord> records in log.ReadAsync(place, first, next, cancellationToken).ConfigureAwait(false))
            {
                for (int i = 0; i < records.Length; i++)
                {
                    if (TryComplete(records.Span[i].Value.Span, incomplete) is var (letter, store) && said.Add(letter, store))
                    {
                        yield return letter;
                    }
                }
            }
        }
    }

    private (StoredDeadLetter Letter, string Store)? TryComplete(ReadOnlySpan<byte> value, Dictionary<(DeadLetterId, string), MemoryStream> incomplete)
    {
        DeadLetterPart part;
        try
        {
            part = DeadLetterPart.Parser.ParseFrom(value);
        }
        catch (InvalidProtocolBufferException)
        {
            return null; // nothing that a sink put there
        }

        DeadLetterId id = new(part.Topic, (int)part.Partition, (long)part.Offset, part.Log);
        if (part.Position == 0)
        {
            if (incomplete.Count == MaxIncomplete && !incomplete.ContainsKey((id, part.Store)))
            {
                incomplete.Clear();
            }

            incomplete[(id, part.Store)] = new MemoryStream();
        }

        if (!incomplete.TryGetValue((id, part.Store), out MemoryStream? bytes) || (ulong)bytes.Length != part.Position)
        {
            return null;
        }

        if (incomplete.Values.Sum(piece => piece.Length) + part.Data.Length > maxBytes)
        {
            incomplete.Clear();
            return null;
        }

        bytes.Write(part.Data.Span);
        if ((ulong)bytes.Length < part.Length)
        {
            return null;
        }

        incomplete.Remove((id, part.Store));
        return (new StoredDeadLetter(id, (long)(part.AtNs / 1_000_000), part.Kind, part.Error, (long)part.Length, IsResolved: false) { Bytes = bytes.ToArray() }, part.Store);
    }
}
