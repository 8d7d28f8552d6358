using ECapture.Protocols.Sql;

namespace ECapture.Protocols.MySql;

/// <summary>A statement with its answer.</summary>
public sealed class MySqlStatement
{
    /// <summary>How it reached the server.</summary>
    public required MySqlStatementKind Kind { get; init; }

    /// <summary>The text, in the client's character set; empty when its preparation was not seen.</summary>
    public required ReadOnlyMemory<byte> Text { get; init; }

    /// <summary>The server's number of the prepared statement; 0: none.</summary>
    public required uint Id { get; init; }

    /// <summary>Bound values, in order; those of a bulk execution row after row.</summary>
    public required IReadOnlyList<SqlParameter> Parameters { get; init; }

    /// <summary>Bytes of text and parameters before they were cut to the limit; 0: nothing was cut.</summary>
    public required long OriginalLength { get; init; }

    /// <summary>Rows returned or affected, over all results of the command; null when the server did not say.</summary>
    public required ulong? Rows { get; init; }

    /// <summary>How it ended.</summary>
    public required SqlOutcome Outcome { get; init; }

    /// <summary>The server's error number of a failure (1064 …), else 0.</summary>
    public required ushort ErrorNumber { get; init; }

    /// <summary>SQLSTATE of a failure, else empty.</summary>
    public required string SqlState { get; init; }

    /// <summary>Message of a failure, else empty.</summary>
    public required ReadOnlyMemory<byte> ErrorMessage { get; init; }

    /// <summary>Time of the chunk with the end of the command, as given by the caller (nanoseconds).</summary>
    public required ulong ArrivedNs { get; init; }

    /// <summary>Nanoseconds from <see cref="ArrivedNs"/> to the chunk with the end of the answer.</summary>
    public required ulong DurationNs { get; init; }

    /// <summary>The session's default database when the statement arrived.</summary>
    public required ReadOnlyMemory<byte> Database { get; init; }
}
