namespace ECapture.Storage.Reading;

/// <summary>Which packets to read.</summary>
/// <param name="Range">Their times.</param>
/// <param name="Hosts">Their hosts; at least one.</param>
/// <param name="Flows">Their flow ids; null for all, when there are too many to name.</param>
public sealed record PacketQuery(TimeRange Range, IReadOnlyList<string> Hosts, IReadOnlyCollection<ulong>? Flows);
