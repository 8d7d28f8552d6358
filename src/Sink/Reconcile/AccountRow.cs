using ECapture.Sink.Delivery;

namespace ECapture.Sink.Reconcile;

/// <summary>A row of <c>sink_account</c>.</summary>
internal readonly record struct AccountRow(
    PartitionId Partition, long From, long To, long Hour, long Records, long Duplicates, long Gap);

/// <summary>How far the accounts of a partition of a log go, without a hole in between unless one is found.</summary>
/// <param name="From">First offset of the first batch.</param>
/// <param name="To">Offset behind the last batch.</param>
internal readonly record struct AccountSpan(long From, long To);
