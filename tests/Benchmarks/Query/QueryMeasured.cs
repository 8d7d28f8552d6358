namespace ECapture.Benchmarks.Query;

/// <summary>What was measured of one store.</summary>
/// <param name="Store">Its name.</param>
/// <param name="Days">Days in it.</param>
/// <param name="Rows">Packets and other events in it.</param>
/// <param name="Hour">Rebuilds of an hour.</param>
/// <param name="Peer">editcap on the same packets, by turns.</param>
/// <param name="Lookups">Other requests: what they are, and their runs.</param>
internal sealed record QueryMeasured(
    string Store, int Days, long Rows, IReadOnlyList<Run> Hour, IReadOnlyList<Run> Peer, IReadOnlyList<(string What, IReadOnlyList<Run> Runs)> Lookups);
