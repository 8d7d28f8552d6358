using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>One read of packets: a span of time, and the flows that have sessions in it, or null when they are too many to name.</summary>
internal sealed record PacketSegment(TimeRange Range, IReadOnlyCollection<ulong>? Flows);
