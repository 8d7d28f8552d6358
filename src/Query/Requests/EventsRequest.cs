using ECapture.Storage.Reading;

namespace ECapture.Query.Requests;

/// <summary>A search of events.</summary>
/// <param name="Filter">What to look for.</param>
/// <param name="Order">Which end first.</param>
/// <param name="Limit">Most events; null for all.</param>
/// <param name="After">Where the last page ended, or null.</param>
/// <param name="Format">Form of the answer.</param>
public sealed record EventsRequest(EventFilter Filter, EventOrder Order, int? Limit, EventCursor? After, EventsFormat Format)
{
    /// <summary>True: counts of SQL statements by fingerprint, instead of events.</summary>
    public bool GroupsStatements { get; init; }
}
