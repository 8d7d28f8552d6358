using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using Google.Protobuf;

namespace ECapture.Cli.Commands.Keys;

/// <summary>Secrets that are in a log, stored already or not: a key that opens them is needed as much as one that opens what is stored.</summary>
internal static class LoggedSecrets
{
    /// <summary>Counts the secrets that a key opens and none of the others does.</summary>
    /// <param name="log">The log; a local one that is not there holds none.</param>
    /// <param name="id">The key.</param>
    /// <param name="others">The other keys that are at hand.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LogException">The log cannot be read.</exception>
    internal static async Task<long> CountAsync(LogAddress log, string id, IReadOnlySet<string> others, CancellationToken cancellationToken)
    {
        if (log.Kind == LogKind.Local && !(Directory.Exists(log.Directory) && Directory.EnumerateFiles(log.Directory).Any()))
        {
            return 0;
        }

        long count = 0;
        await using ILogReader reader = await LogReaders.OpenAsync(log, cancellationToken);
        foreach (TopicPartition partition in (await reader.PartitionsAsync(cancellationToken)).Where(p => p.Topic == Topics.Secret))
        {
            (long first, long next) = await reader.GetBoundsAsync(partition, cancellationToken);
            await foreach (ReadOnlyMemory<LogRecord> records in reader.ReadAsync(partition, first, next, cancellationToken))
            {
                for (int i = 0; i < records.Length; i++)
                {
                    string[] recipients = RecipientsOf(records.Span[i].Value.Span);
                    count += recipients.Contains(id) && !recipients.Any(others.Contains) ? 1 : 0;
                }
            }
        }

        return count;
    }

    private static string[] RecipientsOf(ReadOnlySpan<byte> record)
    {
        try
        {
            return Event.Parser.ParseFrom(record).TlsSecret?.Sealed?.Recipients.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [];
        }
        catch (InvalidProtocolBufferException)
        {
            return []; // no event: a dead letter, not a secret
        }
    }
}
