namespace ECapture.Protocols.Sql;

/// <summary>How a statement ended.</summary>
public enum SqlOutcome
{
    /// <summary>The whole answer was seen, and it is no error.</summary>
    Completed,

    /// <summary>The server answered with an error.</summary>
    Failed,

    /// <summary>The session or its observation ended, or lost its place, before the answer.</summary>
    Incomplete,
}
