namespace ECapture.Sink.Retention;

/// <summary>How long a table's partitions stay.</summary>
/// <param name="Age">A partition all of whose time is older may go; null: never by age.</param>
/// <param name="Bytes">Bytes of the table above which the oldest go; null: never by size.</param>
/// <param name="Archive">True: exported first.</param>
public sealed record RetentionRule(TimeSpan? Age, long? Bytes, bool Archive);
