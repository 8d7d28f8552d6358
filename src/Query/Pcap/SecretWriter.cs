using ECapture.Pcapng;
using ECapture.Query.Pcap.Earlier;
using ECapture.Sealing;
using ECapture.Sealing.Keys;
using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>Writes the secrets of the matched sessions, and opens and writes no others.</summary>
/// <param name="store">Where secrets are read.</param>
/// <param name="sessions">The sessions.</param>
/// <param name="writer">Where they go.</param>
/// <param name="opener">Opens sealed secrets; null: no private key is here.</param>
/// <param name="wanted">Of the matched sessions, those whose secrets are wanted.</param>
internal sealed class SecretWriter(IEventStoreReader store, SessionSet sessions, PcapngWriter writer, SecretOpener? opener, IReadOnlyCollection<Session> wanted)
{
    /// <summary>Secrets stand near their handshake, but clocks step.</summary>
    private const long Slack = 3_600_000_000_000;

    private readonly SortedSet<string> _missingKeys = new(StringComparer.Ordinal);
    private readonly HashSet<Session> _wanted = [.. wanted];
    private readonly HashSet<(string Label, ClientRandom Random)> _sealed = [];

    /// <summary>Secrets of the matched sessions that stayed sealed.</summary>
    public long Sealed => _sealed.Count;

    /// <summary>Secrets that a key that is here did not open: they were changed on their way.</summary>
    public long Damaged { get; private set; }

    /// <summary>The connections among them that are older than the agent.</summary>
    public EarlierHandshakes Earlier { get; } = new();

    /// <summary>Ids of keys, one of which would have been needed.</summary>
    public IReadOnlyCollection<string> MissingKeys => _missingKeys;

    public async Task<long> WriteAsync(TimeRange range, CancellationToken cancellationToken)
    {
        var keyLog = new TlsKeyLog(writer);
        var wide = new TimeRange(range.From < Slack ? 0 : range.From - Slack, Session.Saturated(range.To, Slack));
        byte[][] randoms = [.. sessions.Randoms.Where(r => r.Value.Any(_wanted.Contains)).Select(r => r.Key.ToBytes())];
        ulong[] flows = [.. _wanted.Select(s => s.Key.Flow).Distinct()];
        ulong[] connections = [.. _wanted.SelectMany(s => s.Connections).Distinct()];
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

        Earlier.Make(keyLog);
        keyLog.WriteBlock();
        return keyLog.Lines;
    }

    private async Task ReadAsync(TlsKeyLog keyLog, IAsyncEnumerable<StoredSecret> secrets, CancellationToken cancellationToken)
    {
        await foreach (StoredSecret secret in secrets.ConfigureAwait(false))
        {
            Session[] owners = [.. Owners(secret).Where(_wanted.Contains).Distinct()];
            if (owners.Length > 0 && Open(secret) is { } opened)
            {
                Array.ForEach(owners, s => s.HasSecrets = true);
                keyLog.Add(secret.Label, secret.ClientRandom, opened);
                if (secret.Earlier is { Flow: { } flow } earlier && secret.ClientRandom.Length == 32)
                {
                    Earlier.Add(new EarlierSecret(secret.Key.Host, flow, secret.ClientRandom, opened, earlier.TlsSecret.Position));
                }

                if (writer.ShouldFlush)
                {
                    await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private byte[]? Open(StoredSecret secret)
    {
        if (secret.Sealed is not { } sealedEvent)
        {
            return secret.Secret;
        }

        var outcome = OpenOutcome.NoKey;
        byte[] opened = [];
        if (opener is not null && sealedEvent.Run.Length == 16)
        {
            outcome = opener.Open(new Guid(sealedEvent.Run.Span, bigEndian: true), sealedEvent.Host, sealedEvent.TlsSecret, out opened);
        }

        switch (outcome)
        {
            case OpenOutcome.Opened:
                return opened;
            case OpenOutcome.NoKey:
                _missingKeys.UnionWith(sealedEvent.TlsSecret.Sealed.Recipients.Split(',').Where(KeyDirectory.IsId)); // shown: only what is an id
                break;
            case OpenOutcome.Damaged:
                Damaged++;
                break;
        }

        ClientRandom random = secret.ClientRandom.Length == 32 ? ClientRandom.Of(secret.ClientRandom) : default;
        _sealed.Add((secret.Label, random));
        return null;
    }

    private IEnumerable<Session> Owners(StoredSecret secret)
    {
        if (secret.ClientRandom.Length == 32 && sessions.Randoms.TryGetValue(ClientRandom.Of(secret.ClientRandom), out HashSet<Session>? byRandom))
        {
            foreach (Session session in byRandom)
            {
                yield return session;
            }
        }

        if (secret.Connection != 0)
        {
            if (sessions.Connections.TryGetValue(new ConnectionKey(secret.Key.Host, secret.Connection), out HashSet<Session>? byConnection))
            {
                foreach (Session session in byConnection)
                {
                    yield return session;
                }

                yield break;
            }
        }

        if (secret.Key.Flow != 0 && sessions.Find(secret.Key)?.At(secret.Time) is { IsMatched: true } found)
        {
            yield return found;
        }
    }
}
