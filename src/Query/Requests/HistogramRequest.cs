using ECapture.Storage.Reading;

namespace ECapture.Query.Requests;

/// <summary>A count of events over time.</summary>
/// <param name="Filter">Which events; its bounds are set.</param>
/// <param name="Buckets">How many spans.</param>
/// <param name="Width">Nanoseconds of a span; the last may be shorter.</param>
public sealed record HistogramRequest(EventFilter Filter, int Buckets, long Width);
