namespace ECapture.Protocols.Postgres;

/// <summary>How a statement ended.</summary>
public enum PostgresOutcome
{
    /// <summary>The server completed it.</summary>
    Completed,

    /// <summary>The server answered with an error.</summary>
    Failed,

    /// <summary>The session or the observation ended before the answer, or the answer was lost.</summary>
    Incomplete,
}
