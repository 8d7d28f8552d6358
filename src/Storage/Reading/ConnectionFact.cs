namespace ECapture.Storage.Reading;

/// <summary>A row of the <c>connection</c> table: a state of a connection, or a link.</summary>
/// <param name="Key">The flow; id 0 when the row does not know it.</param>
/// <param name="Connection">0 when the row does not know it.</param>
/// <param name="Kind">Field number of the payload in <c>Event</c>.</param>
/// <param name="State">Of a state: <c>ConnectionState.State</c>.</param>
/// <param name="Time">Nanoseconds of the Unix epoch.</param>
/// <param name="From">Of a link: begin of its extent in nanoseconds of the Unix epoch, or null.</param>
/// <param name="To">Of a link: end of its extent, or null.</param>
/// <param name="ClientRandom">32 bytes, or empty.</param>
/// <param name="Process">The process of the row.</param>
/// <param name="LocalPort">The port of that process's end.</param>
public sealed record ConnectionFact(
    FlowKey Key, ulong Connection, byte Kind, byte State, long Time, long? From, long? To, byte[] ClientRandom, ProcessFact Process,
    ushort LocalPort)
{
    /// <summary>True for a <c>ConnectionState</c>, false for a <c>ConnectionLink</c>.</summary>
    public bool IsState => Kind == EventKinds.ConnectionState;
}
