namespace ECapture.Protocols.MySql;

/// <summary>How much one session may hold in memory, whatever the bytes say.</summary>
public sealed class MySqlLimits
{
    /// <summary>Most bytes of a statement's text, and as many of its bound parameters; the rest is cut. Default 1 MiB.</summary>
    public int Payload { get; init; } = 1 << 20;

    /// <summary>Most commands that wait for their answers. Default 1,024.</summary>
    public int Pending { get; init; } = 1024;

    /// <summary>Most bytes of waiting commands, and as many of prepared statements; what comes on top is kept without text. Default 4 MiB.</summary>
    public int Memory { get; init; } = 4 << 20;

    /// <summary>Most prepared statements; more are not remembered. Default 16,384 (the server's own default).</summary>
    public int Statements { get; init; } = 16 * 1024;
}
