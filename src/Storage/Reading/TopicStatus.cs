namespace ECapture.Storage.Reading;

/// <summary>What a store holds of a topic.</summary>
/// <param name="Topic">Short name.</param>
/// <param name="Rows">Events.</param>
/// <param name="Last">Time of the newest in nanoseconds of the Unix epoch; null without rows.</param>
public sealed record TopicStatus(string Topic, long Rows, long? Last);
