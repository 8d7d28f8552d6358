using System.Globalization;
using ECapture.Events;
using ECapture.Storage.Partitions;
using ECapture.Storage.Reading;

namespace ECapture.Sink.Holds;

/// <summary>
/// Which partitions the holds of a store keep. What matches a hold is held, and with it the packets, secrets, connection and process facts of the same hosts and time.
/// </summary>
internal sealed class HoldBook
{
    // A session's secrets, its connection and its process may be older than what was matched of it, or end later.
    private static readonly long s_factsMargin = Nanoseconds(TimeSpan.FromDays(1));
    private static readonly long s_packetMargin = Nanoseconds(TimeSpan.FromHours(1));
    private static readonly string[] s_facts = [Topics.Secret, Topics.Connection, Topics.Process];

    private readonly PartitionStore _store;
    private readonly Dictionary<string, IReadOnlyList<HostExtent>> _extents = new(StringComparer.Ordinal);

    private HoldBook(PartitionStore store, IReadOnlyList<LegalHold> active)
    {
        _store = store;
        Active = active;
    }

    /// <summary>The holds in force.</summary>
    public IReadOnlyList<LegalHold> Active { get; }

    public static async Task<HoldBook> OpenAsync(PartitionStore store, DateTimeOffset now, CancellationToken cancellationToken)
    {
        IReadOnlyList<LegalHoldRow> rows = await store.HoldsAsync(cancellationToken).ConfigureAwait(false);
        return new HoldBook(store, [.. rows.Select(LegalHold.From).Where(h => h.IsActive(now))]);
    }

    /// <summary>The holds that keep a partition.</summary>
    public async Task<IReadOnlyList<string>> HeldByAsync(StoredPartition partition, CancellationToken cancellationToken)
    {
        List<string> names = [];
        foreach (LegalHold hold in Active)
        {
            if (await IsHeldAsync(hold, partition, cancellationToken).ConfigureAwait(false))
            {
                names.Add(hold.Name);
            }
        }

        return names;
    }

    private async Task<bool> IsHeldAsync(LegalHold hold, StoredPartition partition, CancellationToken cancellationToken)
    {
        EventFilter filter = FilterOf(hold);
        bool isOfModule = hold.Modules.Count == 0 || hold.Modules.Contains(partition.Table);
        if (isOfModule && await _store.AnyAsync(partition.Table, partition.Span, filter, cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        long margin = s_facts.Contains(partition.Table) ? s_factsMargin : partition.Table == Topics.Packet ? s_packetMargin : -1;
        if (margin < 0)
        {
            return false;
        }

        if (hold is { Processes.Count: 0, Connections.Count: 0, Modules.Count: 0 })
        {
            return await _store.AnyAsync(partition.Table, partition.Span, filter with { From = filter.From - margin, To = filter.To + margin }, cancellationToken).ConfigureAwait(false);
        }

        foreach (HostExtent extent in await ExtentsAsync(hold, filter, cancellationToken).ConfigureAwait(false))
        {
            EventFilter around = EventFilter.All with { From = extent.First - margin, To = extent.Last + margin, Hosts = [extent.Host] };
            if (await _store.AnyAsync(partition.Table, partition.Span, around, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<IReadOnlyList<HostExtent>> ExtentsAsync(LegalHold hold, EventFilter filter, CancellationToken cancellationToken)
    {
        if (!_extents.TryGetValue(hold.Name, out IReadOnlyList<HostExtent>? extents))
        {
            List<HostExtent> found = [];
            foreach (string table in hold.Modules.Count == 0 ? Topics.All : hold.Modules)
            {
                found.AddRange(await _store.ExtentAsync(table, filter, cancellationToken).ConfigureAwait(false));
            }

            _extents.Add(hold.Name, extents = [.. found.GroupBy(e => e.Host, StringComparer.Ordinal).Select(g => new HostExtent(g.Key, g.Min(e => e.First), g.Max(e => e.Last)))]);
        }

        return extents;
    }

    private static EventFilter FilterOf(LegalHold hold) => EventFilter.All with
    {
        From = hold.Since is { } since ? Nanoseconds(since - DateTimeOffset.UnixEpoch) : null,
        To = hold.Until is { } until ? Nanoseconds(until - DateTimeOffset.UnixEpoch) : null,
        Hosts = hold.Hosts,
        Processes = hold.Processes,
        Connections = [.. hold.Connections.Select(c => ulong.Parse(c, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))],
        IncludeResults = true,
    };

    private static long Nanoseconds(TimeSpan time) => time.Ticks * 100;
}
