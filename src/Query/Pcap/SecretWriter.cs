using ECapture.Pcapng;
using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>Writes the secrets of the matched sessions, and of no others.</summary>
internal sealed class SecretWriter(IEventStoreReader store, SessionSet sessions, PcapngWriter writer)
{
    /// <summary>Secrets stand near their handshake, but clocks step.</summary>
    private const long Slack = 3_600_000_000_000;

    public async Task<long> WriteAsync(TimeRange range, CancellationToken cancellationToken)
    {
        var keyLog = new TlsKeyLog(writer);
        var wide = new TimeRange(range.From < Slack ? 0 : range.From - Slack, Session.Saturated(range.To, Slack));
        byte[][] randoms = [.. sessions.Randoms.Keys.Select(r => r.ToBytes())];
        ulong[] flows = [.. sessions.Matched.Select(s => s.Key.Flow).Distinct()];
        ulong[] connections = [.. sessions.Connections.Keys.Select(c => c.Connection).Distinct()];
        int statements = (randoms.Length / KeyChunks.Randoms) + ((flows.Length + connections.Length) / KeyChunks.Ids);
        if (statements > KeyChunks.Statements)
        {
            await ReadAsync(keyLog, store.SecretsAsync(wide, null, [], [], cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            foreach (byte[][] chunk in randoms.Chunk(KeyChunks.Randoms))
            {
                await ReadAsync(keyLog, store.SecretsAsync(wide, chunk, [], [], cancellationToken), cancellationToken).ConfigureAwait(false);
            }

            foreach (ulong[] chunk in flows.Chunk(KeyChunks.Ids))
            {
                await ReadAsync(keyLog, store.SecretsAsync(wide, [], chunk, [], cancellationToken), cancellationToken).ConfigureAwait(false);
            }

            foreach (ulong[] chunk in connections.Chunk(KeyChunks.Ids))
            {
                await ReadAsync(keyLog, store.SecretsAsync(wide, [], [], chunk, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
        }

        keyLog.WriteBlock();
        return keyLog.Lines;
    }

    private async Task ReadAsync(TlsKeyLog keyLog, IAsyncEnumerable<StoredSecret> secrets, CancellationToken cancellationToken)
    {
        await foreach (StoredSecret secret in secrets.ConfigureAwait(false))
        {
            if (Owners(secret))
            {
                keyLog.Add(secret.Label, secret.ClientRandom, secret.Secret);
                if (writer.ShouldFlush)
                {
                    await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private bool Owners(StoredSecret secret)
    {
        bool any = false;
        if (secret.ClientRandom.Length == 32 && sessions.Randoms.TryGetValue(ClientRandom.Of(secret.ClientRandom), out HashSet<Session>? byRandom))
        {
            any = Give(byRandom);
        }

        if (secret.Connection != 0
            && sessions.Connections.TryGetValue(new ConnectionKey(secret.Key.Host, secret.Connection), out HashSet<Session>? byConnection))
        {
            return Give(byConnection) || any;
        }

        if (secret.Key.Flow != 0 && sessions.Find(secret.Key)?.At(secret.Time) is { IsMatched: true } session)
        {
            session.HasSecrets = true;
            any = true;
        }

        return any;
    }

    private static bool Give(HashSet<Session> owners)
    {
        foreach (Session session in owners)
        {
            session.HasSecrets = true;
        }

        return owners.Count > 0;
    }
}
