using System.Collections.Frozen;
using ECapture.Sink.Archive;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Holds;
using ECapture.Sink.Operations;
using ECapture.Sink.Rebuild;
using ECapture.Sink.Reconcile;
using ECapture.Sink.Retention;
using ECapture.Sink.Verify;

namespace ECapture.Cli.Admin;

/// <summary>
/// The operations on a store that run where the store is open: in this process, or in the service that owns it. Each writes a report, line by line, and gives the
/// command's exit code.
/// </summary>
internal static class AdminOperations
{
    internal const string DeadLetterList = "dlq-list";
    internal const string DeadLetterShow = "dlq-show";
    internal const string DeadLetterRetry = "dlq-retry";
    internal const string Verify = "verify";
    internal const string Reconcile = "reconcile";
    internal const string RetentionShow = "retention-show";
    internal const string RetentionRun = "retention-run";
    internal const string HoldAdd = "hold-add";
    internal const string HoldList = "hold-list";
    internal const string HoldRelease = "hold-release";
    internal const string ArchiveList = "archive-list";
    internal const string ArchiveVerify = "archive-verify";
    internal const string ArchiveRestore = "archive-restore";
    internal const string Rebuild = "rebuild";
    internal const string Record = "record";

    private static readonly FrozenDictionary<string, Func<OperationContext, CancellationToken, Task<int>>> s_operations =
        new Dictionary<string, Func<OperationContext, CancellationToken, Task<int>>>(StringComparer.Ordinal)
        {
            [DeadLetterList] = DeadLetterOperations.ListAsync,
            [DeadLetterShow] = DeadLetterOperations.ShowAsync,
            [DeadLetterRetry] = DeadLetterOperations.RetryAsync,
            [Verify] = VerifyOperation.RunAsync,
            [Reconcile] = ReconcileOperation.RunAsync,
            [RetentionShow] = RetentionOperations.ShowAsync,
            [RetentionRun] = RetentionOperations.RunAsync,
            [HoldAdd] = HoldOperations.AddAsync,
            [HoldList] = HoldOperations.ListAsync,
            [HoldRelease] = HoldOperations.ReleaseAsync,
            [ArchiveList] = ArchiveOperations.ListAsync,
            [ArchiveVerify] = ArchiveOperations.VerifyAsync,
            [ArchiveRestore] = ArchiveOperations.RestoreAsync,
            [Rebuild] = RebuildOperation.RunAsync,
            [Record] = RecordOperation.RunAsync,
        }.ToFrozenDictionary(StringComparer.Ordinal);

    // What somebody needs now, and what takes the store's own lease where it must.
    private static readonly FrozenSet<string> s_beside = FrozenSet.Create(StringComparer.Ordinal, HoldAdd, HoldList, HoldRelease, ArchiveList, Record);

    /// <summary>True for those that do not wait until another one has ended: they read or write a row, and others read the whole store.</summary>
    internal static bool RunsBeside(string name) => s_beside.Contains(name);

    /// <summary>The operation of a name, or null.</summary>
    internal static Func<OperationContext, CancellationToken, Task<int>>? Find(string name) => s_operations.GetValueOrDefault(name);
}
