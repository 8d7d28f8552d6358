using System.Collections.Frozen;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Operations;
using ECapture.Sink.Reconcile;
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

    private static readonly FrozenDictionary<string, Func<OperationContext, CancellationToken, Task<int>>> s_operations =
        new Dictionary<string, Func<OperationContext, CancellationToken, Task<int>>>(StringComparer.Ordinal)
        {
            [DeadLetterList] = DeadLetterOperations.ListAsync,
            [DeadLetterShow] = DeadLetterOperations.ShowAsync,
            [DeadLetterRetry] = DeadLetterOperations.RetryAsync,
            [Verify] = VerifyOperation.RunAsync,
            [Reconcile] = ReconcileOperation.RunAsync,
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The operation of a name, or null.</summary>
    internal static Func<OperationContext, CancellationToken, Task<int>>? Find(string name) => s_operations.GetValueOrDefault(name);
}
