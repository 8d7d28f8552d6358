namespace ECapture.Storage.Reading;

/// <summary>Rows of one flow and connection that a filter matched. Statements of a PostgreSQL server that knew of neither have their process alone.</summary>
/// <param name="Key">The flow; its id is 0 where only the connection is known.</param>
/// <param name="Connection">0 where only the flow is known.</param>
/// <param name="Process">The process of those rows.</param>
/// <param name="LocalPort">The port of that process's end.</param>
/// <param name="From">Time of the first in nanoseconds of the Unix epoch.</param>
/// <param name="To">Time of the last.</param>
public sealed record FlowMatch(FlowKey Key, ulong Connection, ProcessFact Process, ushort LocalPort, long From, long To)
{
    /// <summary>Short name of the topic that the rows are in; empty when the match was made of something else.</summary>
    public string Topic { get; init; } = "";
}
