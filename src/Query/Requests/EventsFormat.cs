namespace ECapture.Query.Requests;

/// <summary>Forms of a search's answer.</summary>
public enum EventsFormat
{
    /// <summary>Lines for people.</summary>
    Table,

    /// <summary>One JSON document with an array.</summary>
    Json,

    /// <summary>One JSON object per line.</summary>
    Ndjson,

    /// <summary>RFC 4180.</summary>
    Csv,
}
