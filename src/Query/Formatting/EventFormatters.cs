using ECapture.Query.Requests;

namespace ECapture.Query.Formatting;

/// <summary>Makes formatters.</summary>
public static class EventFormatters
{
    /// <summary>A formatter of the form.</summary>
    /// <param name="format">The form.</param>
    /// <param name="colours">Colours in a table; only for a terminal.</param>
    public static IEventFormatter Create(EventsFormat format, bool colours) => format switch
    {
        EventsFormat.Json => new JsonEventFormatter(lines: false),
        EventsFormat.Ndjson => new JsonEventFormatter(lines: true),
        EventsFormat.Csv => new CsvEventFormatter(),
        _ => new TableEventFormatter(colours),
    };
}
