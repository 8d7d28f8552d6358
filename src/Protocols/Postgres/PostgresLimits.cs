namespace ECapture.Protocols.Postgres;

/// <summary>How much one session may hold in memory, whatever the bytes say.</summary>
public sealed class PostgresLimits
{
    /// <summary>Most bytes of a statement's text with its parameters; the rest is cut. Default 1 MiB.</summary>
    public int Payload { get; init; } = 1 << 20;

    /// <summary>Most requests that wait for their answers; more are given up as incomplete. Default 16,384.</summary>
    public int Pending { get; init; } = 16 * 1024;

    /// <summary>Most bytes of waiting requests, and as many of prepared statements and of portals; what comes on top is kept without text. Default 4 MiB.</summary>
    public int Memory { get; init; } = 4 << 20;

    /// <summary>Most prepared statements and most portals; the oldest make room. Default 4,096.</summary>
    public int Names { get; init; } = 4096;
}
