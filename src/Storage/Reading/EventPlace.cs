using ECapture.Events;

namespace ECapture.Storage.Reading;

/// <summary>One event that is looked for by its id.</summary>
/// <param name="Id">The id.</param>
/// <param name="Time">Its time in nanoseconds of the Unix epoch, as its cursor says it; null: not known, an index of its table finds it.</param>
public readonly record struct EventPlace(EventId Id, long? Time)
{
    /// <summary>Reads the text of an id or of a cursor.</summary>
    public static bool TryParse(string? text, out EventPlace place)
    {
        if (EventCursor.TryParse(text, out EventCursor cursor))
        {
            place = new EventPlace(cursor.Id, cursor.Time);
            return true;
        }

        bool isId = EventId.TryParse(text, out EventId id) && Topics.All.Contains(id.Topic);
        place = new EventPlace(id, null);
        return isId;
    }
}
