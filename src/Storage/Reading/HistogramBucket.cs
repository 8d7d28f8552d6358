namespace ECapture.Storage.Reading;

/// <summary>How many events of a topic lie in a span of time.</summary>
/// <param name="Topic">Short name of the topic.</param>
/// <param name="Start">Nanoseconds of the Unix epoch, inclusive.</param>
/// <param name="Count">Events.</param>
public readonly record struct HistogramBucket(string Topic, long Start, long Count);
