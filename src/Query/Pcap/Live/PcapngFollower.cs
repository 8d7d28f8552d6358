using ECapture.Pcapng;
using ECapture.Sealing;
using ECapture.Sealing.Keys;
using ECapture.Storage;
using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap.Live;

/// <summary>
/// Writes a pcapng file that goes on: the sessions that a filter matches as the store takes them in, each whole, with its TLS secrets before its packets. A session's packets wait for its secrets
/// for a few seconds, because a secret that stands after the handshake decrypts nothing; rows that reach the store late are written when they come.
/// </summary>
/// <param name="store">Where events are read.</param>
/// <param name="options">What goes into the file.</param>
/// <param name="keys">Private keys that open sealed secrets; null: none is here.</param>
/// <param name="time">The clock, which events are compared with.</param>
public sealed class PcapngFollower(IEventStoreReader store, RebuildOptions options, IPrivateKeys? keys, TimeProvider time)
{
    private const long Second = 1_000_000_000;

    /// <summary>From a probe to the store: rows younger than this are left for the next round.</summary>
    private const long Settle = Second;

    /// <summary>Rows may be this late and are still written.</summary>
    private const long Lateness = 10 * Second;

    /// <summary>A handshake is over, and its secrets are in the store, mostly.</summary>
    private const long Handshake = 2 * Second;

    /// <summary>No longer are secrets waited for.</summary>
    private const long Patience = 5 * Second;

    /// <summary>How far back the begin of a session is looked for.</summary>
    private const long LookAround = 3600 * Second;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly FollowedSessions _followed = new();
    private readonly WrittenPackets _written = new();
    private readonly RebuildOptions _options = options with { Synthetic = false, Window = null, LookAround = LookAround };
    private long _sessions;
    private long _secrets;
    private long _packets;
    private long _bytes;

    /// <summary>What was written so far.</summary>
    public RebuildReport Report => new((int)_sessions, 0, _secrets, _packets, _bytes);

    /// <summary>Follows until it is cancelled, or refused.</summary>
    /// <param name="filter">Which sessions; its begin is where it starts, now if there is none.</param>
    /// <param name="output">Where the file goes; it stays open.</param>
    /// <param name="grant">Is told how many TLS secrets are about to leave, and lets them when it returns.</param>
    /// <param name="refused">Is asked before each round; why nothing more may leave ends the file, which then says so.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Why nothing more may leave.</returns>
    /// <exception cref="StoreException">The store failed; the file is cut, and says so.</exception>
    public async Task<string> RunAsync(
        EventFilter filter, Stream output, Func<long, CancellationToken, Task> grant, Func<string?> refused, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(grant);
        ArgumentNullException.ThrowIfNull(refused);
        var writer = new PcapngWriter(output);
        writer.WriteSectionHeader(application: PcapngBuilder.Application, comment: options.Comment.Length == 0 ? null : options.Comment);
        await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        long done = filter.From ?? Now - Settle;
        filter = filter with { From = done };
        var interfaces = new InterfaceTable(writer);
        using SecretOpener? opener = keys is null ? null : new SecretOpener(keys);
        using var timer = new PeriodicTimer(s_interval, time);
        try
        {
            while (true)
            {
                if (refused() is { } why)
                {
                    writer.WriteSectionHeader(application: PcapngBuilder.Application, comment: SectionComment.Ended(why));
                    await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
                    return why;
                }

                long until = Now - Settle;
                if (until > done)
                {
                    await RoundAsync(filter, done, until, writer, interfaces, opener, grant, cancellationToken).ConfigureAwait(false);
                    done = until;
                }

                await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (StoreException)
        {
            writer.WriteSectionHeader(application: PcapngBuilder.Application, comment: SectionComment.Cut);
            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    private long Now => (time.GetUtcNow().UtcDateTime - DateTime.UnixEpoch).Ticks * 100;

    private async Task RoundAsync(
        EventFilter filter, long done, long until, PcapngWriter writer, InterfaceTable interfaces, SecretOpener? opener, Func<long, CancellationToken, Task> grant,
        CancellationToken cancellationToken)
    {
        long again = Math.Max(filter.From!.Value, done - Lateness);
        SessionSet set = await new SessionResolver(store, _options).ResolveAsync(
            filter with { From = again, To = until }, _followed.Matches(until), cancellationToken).ConfigureAwait(false);
        _followed.Update(set, until);
        Session[] ripe = [.. set.Matched.Where(s => !_followed.IsShown(s) && (!options.Keys || until - s.From >= Handshake))];
        long lines = await WriteSecretsAsync(set, ripe, until, writer, opener, grant, cancellationToken).ConfigureAwait(false);
        HashSet<Session> begun = [.. ripe.Where(s => !options.Keys || s.HasSecrets || until - s.From >= Patience)];
        HashSet<Session> known = [.. set.Matched.Where(_followed.IsShown)];
        await WritePacketsAsync(set, begun, new TimeRange(set.Bounds.From, until), writer, interfaces, cancellationToken).ConfigureAwait(false);
        await WritePacketsAsync(set, known, new TimeRange(again, until), writer, interfaces, cancellationToken).ConfigureAwait(false);
        foreach (Session session in begun)
        {
            _followed.Show(session);
        }

        _written.Forget(done - (2 * Lateness));
        _sessions += begun.Count;
        _secrets += lines;
        await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        _bytes = writer.BytesWritten;
    }

    private async Task<long> WriteSecretsAsync(
        SessionSet set, Session[] sessions, long until, PcapngWriter writer, SecretOpener? opener, Func<long, CancellationToken, Task> grant, CancellationToken cancellationToken)
    {
        if (!options.Keys || sessions.Length == 0)
        {
            return 0;
        }

        var blocks = new MemoryStream();
        var collected = new PcapngWriter(blocks);
        var secrets = new SecretWriter(store, set, collected, opener, sessions);
        var range = new TimeRange(sessions.Min(s => s.ZoneFrom), until);
        long lines = await secrets.WriteAsync(range, cancellationToken).ConfigureAwait(false);
        if (lines > 0)
        {
            await collected.FlushAsync(cancellationToken).ConfigureAwait(false);
            await grant(lines, cancellationToken).ConfigureAwait(false);
            await writer.CopyAsync(blocks, cancellationToken).ConfigureAwait(false);
            _packets += await secrets.Earlier.WriteAsync(writer, range.From, cancellationToken).ConfigureAwait(false);
        }

        return lines;
    }

    private async Task WritePacketsAsync(
        SessionSet set, HashSet<Session> wanted, TimeRange range, PcapngWriter writer, InterfaceTable interfaces, CancellationToken cancellationToken)
    {
        List<PacketSegment> plan = PacketPlan.Make(wanted, range);
        if (plan.Count == 0)
        {
            return;
        }

        string[] hosts = [.. wanted.Select(s => s.Key.Host).Distinct()];
        var all = new PacketQuery(new TimeRange(plan[0].Range.From, plan[^1].Range.To), hosts, plan.Count == 1 ? plan[0].Flows : null);
        foreach (StoredInterface description in await store.InterfacesAsync(all, cancellationToken).ConfigureAwait(false))
        {
            interfaces.AddNew(description);
        }

        var tracks = new FlowTracks(set, manyHosts: true);
        var segments = new SegmentReader(store, plan, hosts);
        await using (segments.ConfigureAwait(false))
        {
            while (await segments.NextAsync(cancellationToken).ConfigureAwait(false) is { } cursor)
            {
                while (await cursor.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    if (tracks.Find(cursor) is { } track && track.Wants(cursor) && wanted.Contains(track.Current) && _written.Add(cursor))
                    {
                        writer.WritePacket(interfaces.Find(cursor), (ulong)cursor.Time, cursor.Data, cursor.OriginalLength, track.Options(cursor));
                        _packets++;
                        if (writer.ShouldFlush)
                        {
                            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
                        }
                    }
                }
            }
        }
    }
}
