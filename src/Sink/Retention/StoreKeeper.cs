using ECapture.Log;
using ECapture.Log.Journal;
using ECapture.Policies;
using ECapture.Sink.Archive;
using ECapture.Sink.Books;
using ECapture.Sink.Holds;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using Microsoft.Extensions.Logging;

namespace ECapture.Sink.Retention;

/// <summary>
/// Keeps a store within its rules: drops whole partitions, after they were archived where the rules say so, and never what a legal hold keeps. One process at a time
/// changes what a store keeps: each change is made under the store's lease, after it was recorded in the journal.
/// </summary>
public sealed partial class StoreKeeper : IStoreKeeper
{
    /// <summary>Who acts when a rule does.</summary>
    public const string PolicyActor = "ecapture";

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_booksInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_unfinishedFor = TimeSpan.FromDays(1);

    private readonly PartitionStore _store;
    private readonly StoreChanges _changes;
    private readonly PartitionDropper _dropper;
    private readonly RetentionRules _rules;
    private readonly ArchiveFolder _archives;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly BookKeeper _books;
    private long? _booksKeptAt;
    private bool _mayRecover = true; // a process before this one may have died in the middle

    /// <summary>Creates the keeper of an open store.</summary>
    /// <param name="store">The store; it stays the caller's.</param>
    /// <param name="journal">Where each change is recorded before it is made.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="archiveFolder">Where archived partitions are kept.</param>
    /// <param name="clock">Time.</param>
    /// <param name="logger">Log.</param>
    /// <param name="capacity">Bytes of the volume that PostgreSQL's data are on, when the server cannot be asked.</param>
    public StoreKeeper(
        Store store, IJournal journal, RetentionRules rules, string archiveFolder, TimeProvider clock, ILogger<StoreKeeper> logger, long? capacity = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = PartitionStore.Of(store, capacity);
        _changes = new StoreChanges(_store, store.Address.Text, journal, clock);
        _rules = rules;
        _archives = new ArchiveFolder(archiveFolder);
        _clock = clock;
        _logger = logger;
        _dropper = new PartitionDropper(_store, store.Address.Text, _changes, rules, _archives, clock, logger);
        _books = new BookKeeper(store, _store, _changes, rules, clock);
    }

    /// <summary>The tables whose partitions are not as the policy says, and cannot be changed in place (ClickHouse), with what they are.</summary>
    /// <param name="rotation">What the policy says.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<(string Table, PartitionUnit Unit)>> OtherRotationAsync(Func<string, PartitionUnit> rotation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rotation);
        List<(string, PartitionUnit)> others = [];
        foreach (string table in Events.Topics.All)
        {
            if (await _store.UnitAsync(table, cancellationToken).ConfigureAwait(false) is { } unit && unit != rotation(table))
            {
                others.Add((table, unit));
            }
        }

        return others;
    }

    /// <summary>Applies the rules every 30 s until it is cancelled. What fails is said, and tried again.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(s_interval, _clock);
        string? before = null;
        try
        {
            do
            {
                string? trouble = await TryApplyAsync(cancellationToken).ConfigureAwait(false);
                if (trouble is not null && trouble != before)
                {
                    LogTrouble(trouble);
                }

                before = trouble;
            }
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to end.
        }
    }

    private async Task<string?> TryApplyAsync(CancellationToken cancellationToken)
    {
        try
        {
            RetentionResult result = await ApplyAsync(isDryRun: false, PolicyActor, cancellationToken).ConfigureAwait(false);
            return result.Failed.Count > 0 ? string.Join("; ", result.Failed) : null;
        }
        catch (Exception e) when (e is StoreException or SinkException or LogException or IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <inheritdoc/>
    public async Task<RetentionReport> ShowAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        HoldBook holds = await HoldBook.OpenAsync(_store, now, cancellationToken).ConfigureAwait(false);
        List<PartitionFacts> facts = [];
        foreach (StoredPartition partition in await _store.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            facts.Add(new PartitionFacts(partition, await holds.HeldByAsync(partition, cancellationToken).ConfigureAwait(false)));
        }

        StoreSpace? space = await _store.SpaceAsync(cancellationToken).ConfigureAwait(false);
        return new RetentionReport(
            [.. RetentionPlanner.Decide(facts, _rules, space, now).Select(Report)],
            space?.Free, space?.Total, space?.Where, _rules.MinimumFree?.ToString(), Notes(space));
    }

    /// <inheritdoc/>
    public async Task<RetentionResult> ApplyAsync(bool isDryRun, string actor, CancellationToken cancellationToken)
    {
        StoreSpace? space = await _store.SpaceAsync(cancellationToken).ConfigureAwait(false);
        if (space is not null)
        {
            RetentionMetrics.Free.Record(space.Free);
        }

        RetentionPass pass = new(_dropper, actor);
        List<PartitionVerdict> wanted = await DecideAsync(space, pass.Stuck, cancellationToken).ConfigureAwait(false);
        if (isDryRun)
        {
            return new RetentionResult([.. wanted.Select(Report)], [], Notes(space), true);
        }

        if (_mayRecover || wanted.Count > 0)
        {
            _mayRecover = !await TryRecoverAsync(cancellationToken).ConfigureAwait(false);
        }

        while (!await pass.DropAsync(wanted, cancellationToken).ConfigureAwait(false))
        {
            _mayRecover = true;
            if (space is null || _rules.MinimumFree is null)
            {
                break;
            }

            // What is stuck frees nothing: others go instead. The volume is not asked again, as it may not have back yet what was dropped.
            wanted = await DecideAsync(space with { Free = space.Free + pass.FreedBytes }, pass.Stuck, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            await KeepBooksAsync(actor, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StoreException or SinkException or LogException)
        {
            RetentionMetrics.Failures.Add(1);
            pass.Failed.Add(e.Message);
        }

        return new RetentionResult([.. pass.Dropped.Select(Report)], pass.Failed, Notes(space), false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LegalHold>> HoldsAsync(CancellationToken cancellationToken) =>
        [.. (await _store.HoldsAsync(cancellationToken).ConfigureAwait(false)).Select(LegalHold.From)];

    /// <inheritdoc/>
    public async Task<LegalHold> AddHoldAsync(LegalHold hold, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(hold);
        await using IStoreLease lease = await _changes.LeaseAsync(cancellationToken).ConfigureAwait(false);
        if ((await HoldsAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(h => h.Name == hold.Name) is { } same)
        {
            throw new SinkException(
                same.IsActive(_clock.GetUtcNow()) ? $"there is a hold {hold.Name} already, of {same.AddedBy} since {same.AddedAt:u}: choose another name"
                    : $"the name {hold.Name} was used by a hold that is over: choose another, so that the record of both stays clear");
        }

        // What a keeper that died had set aside is in its table again before it is said what the hold keeps.
        foreach (string done in await _store.RecoverAsync(lease, cancellationToken).ConfigureAwait(false))
        {
            LogRecovered(done);
        }

        LegalHold added = hold with { AddedAt = _clock.GetUtcNow(), Version = 1 };
        await _changes.RecordAsync("hold.add", added.Name, added.AddedBy, null, 0, added.ToRow().Document, cancellationToken).ConfigureAwait(false);
        await _store.WriteHoldAsync(lease, added.ToRow(), cancellationToken).ConfigureAwait(false);
        return added;
    }

    /// <inheritdoc/>
    public async Task<LegalHold> ReleaseHoldAsync(string name, string actor, CancellationToken cancellationToken)
    {
        await using IStoreLease lease = await _changes.LeaseAsync(cancellationToken).ConfigureAwait(false);
        LegalHold hold = (await HoldsAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(h => h.Name == name)
            ?? throw new SinkException($"there is no hold {name}; `ecapture hold list` shows what there is");
        if (hold.ReleasedAt is not null)
        {
            throw new SinkException($"the hold {name} was released by {hold.ReleasedBy} at {hold.ReleasedAt:u}");
        }

        LegalHold released = hold with { ReleasedBy = actor, ReleasedAt = _clock.GetUtcNow(), Version = hold.Version + 1 };
        await _changes.RecordAsync("hold.release", name, actor, null, 0, hold.Reason, cancellationToken).ConfigureAwait(false);
        await _store.WriteHoldAsync(lease, released.ToRow(), cancellationToken).ConfigureAwait(false);
        return released;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ArchiveManifest>> ArchivesAsync(CancellationToken cancellationToken) => Task.FromResult(_archives.List());

    /// <inheritdoc/>
    public async Task<ArchiveManifest> VerifyArchiveAsync(string name, CancellationToken cancellationToken)
    {
        ArchiveManifest manifest = _archives.Find(name);
        await _archives.VerifyAsync(manifest, cancellationToken).ConfigureAwait(false);
        return manifest;
    }

    /// <inheritdoc/>
    public async Task<RestoreResult> RestoreAsync(string name, TimeSpan keep, string actor, CancellationToken cancellationToken)
    {
        ArchiveManifest manifest = _archives.Find(name);
        PartitionSpan span = PartitionSpan.Parse(manifest.Partition) ?? throw new SinkException($"the archive {name} is of partition {manifest.Partition}, which is no day and no hour");
        await using IStoreLease lease = await _changes.LeaseAsync(cancellationToken).ConfigureAwait(false);
        await _changes.RecordAsync("archive.restore", manifest.Name, actor, manifest.Rows, manifest.ContentBytes, $"into {manifest.Table}/{manifest.Partition}", cancellationToken)
            .ConfigureAwait(false);

        // First the hold: what comes back must not go again at once.
        string holdName = "restored-" + manifest.Name;
        DateTimeOffset now = _clock.GetUtcNow();
        LegalHold? before = (await HoldsAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(h => h.Name == holdName);
        LegalHold hold = new()
        {
            Name = holdName,
            Reason = "brought back from the archive",
            Since = span.From,
            Until = span.To,
            Modules = [manifest.Table],
            Expires = now + keep,
            AddedBy = actor,
            AddedAt = now,
            Version = (before?.Version ?? 0) + 1,
        };
        await _store.WriteHoldAsync(lease, hold.ToRow(), cancellationToken).ConfigureAwait(false);
        (long restored, long present) = await new ArchiveRestore(_store, _archives).RunAsync(lease, manifest, cancellationToken).ConfigureAwait(false);
        await _store.UndoExpiredAsync(lease, manifest.Action, cancellationToken).ConfigureAwait(false);
        LogRestored(restored, present, manifest.Name);
        return new RestoreResult(manifest.Name, restored, present, holdName, now + keep);
    }

    // Holds are looked up only for what would go: a lookup may read a lot.
    private async Task<List<PartitionVerdict>> DecideAsync(
        StoreSpace? space, HashSet<(string Table, PartitionSpan Span)> stuck, CancellationToken cancellationToken)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        IReadOnlyList<StoredPartition> partitions = await _store.ListAsync(cancellationToken).ConfigureAwait(false);
        HoldBook holds = await HoldBook.OpenAsync(_store, now, cancellationToken).ConfigureAwait(false);
        Dictionary<StoredPartition, IReadOnlyList<string>> heldBy =
            partitions.Where(p => stuck.Contains((p.Table, p.Span))).ToDictionary(p => p, _ => (IReadOnlyList<string>)["what failed"]);
        while (true)
        {
            PartitionFacts[] facts = [.. partitions.Select(p => new PartitionFacts(p, heldBy.GetValueOrDefault(p, [])))];
            List<PartitionVerdict> wanted = [.. RetentionPlanner.Decide(facts, _rules, space, now).Where(v => v.Verdict == Verdict.Drop)];
            StoredPartition[] unknown = [.. wanted.Select(v => v.Facts.Partition).Where(p => !heldBy.ContainsKey(p))];
            if (unknown.Length == 0)
            {
                return wanted;
            }

            foreach (StoredPartition partition in unknown)
            {
                heldBy.Add(partition, await holds.HeldByAsync(partition, cancellationToken).ConfigureAwait(false));
            }
        }
    }

    private async Task KeepBooksAsync(string actor, CancellationToken cancellationToken)
    {
        long now = _clock.GetTimestamp();
        if ((_booksKeptAt is not { } before || _clock.GetElapsedTime(before, now) >= s_booksInterval) && await _books.RunAsync(actor, cancellationToken).ConfigureAwait(false))
        {
            _booksKeptAt = now;
        }
    }

    private async Task<bool> TryRecoverAsync(CancellationToken cancellationToken)
    {
        await using IStoreLease? lease = await _changes.TryLeaseAsync(cancellationToken).ConfigureAwait(false);
        if (lease is null)
        {
            return false;
        }

        foreach (string done in await _store.RecoverAsync(lease, cancellationToken).ConfigureAwait(false))
        {
            LogRecovered(done);
        }

        _archives.Clean(_clock.GetUtcNow() - s_unfinishedFor);
        return true;
    }

    private List<string> Notes(StoreSpace? space) => _rules.MinimumFree is not null && space is null
        ? ["the store's volume is not known, so no partition is dropped for its free space; for a remote PostgreSQL give its size with --store-capacity"]
        : [];

    private static PartitionReport Report(PartitionVerdict verdict)
    {
        StoredPartition p = verdict.Facts.Partition;
        return new PartitionReport(p.Table, p.Span.Name, p.Span.From, p.Span.To, p.Rows, p.Bytes, verdict.Verdict, verdict.Because, verdict.Facts.HeldBy);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Restored} rows of archive {Archive} are back, {Present} were there")]
    private partial void LogRestored(long restored, long present, string archive);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A process died while it dropped a partition: {What}")]
    private partial void LogRecovered(string what);

    [LoggerMessage(Level = LogLevel.Error, Message = "Retention cannot do its work: {Trouble}. It is tried again.")]
    private partial void LogTrouble(string trouble);
}
