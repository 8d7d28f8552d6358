using ECapture.Protocols.Sql;

namespace ECapture.Protocols.Postgres;

/// <summary>A statement with its answer.</summary>
public sealed class PostgresStatement
{
    /// <summary>How it reached the server.</summary>
    public required PostgresStatementKind Kind { get; init; }

    /// <summary>The text, in the client's encoding; empty when it was prepared before the observation began.</summary>
    public required ReadOnlyMemory<byte> Text { get; init; }

    /// <summary>Name of the prepared statement; empty: unnamed.</summary>
    public required ReadOnlyMemory<byte> Name { get; init; }

    /// <summary>Values of the parameters, in order.</summary>
    public required IReadOnlyList<SqlParameter> Parameters { get; init; }

    /// <summary>Bytes of text and parameters before they were cut to the limit; 0: nothing was cut.</summary>
    public required long OriginalLength { get; init; }

    /// <summary>Command tag of the (last) completed statement: <c>SELECT 3</c>; empty when there was none.</summary>
    public required ReadOnlyMemory<byte> Tag { get; init; }

    /// <summary>Rows returned or affected, over all statements of a string; null when the server did not say.</summary>
    public required ulong? Rows { get; init; }

    /// <summary>How it ended.</summary>
    public required SqlOutcome Outcome { get; init; }

    /// <summary>SQLSTATE of a failure, else empty.</summary>
    public required string ErrorCode { get; init; }

    /// <summary>Primary message of a failure, else empty.</summary>
    public required ReadOnlyMemory<byte> ErrorMessage { get; init; }

    /// <summary>Time of the chunk with the end of the message that asked for it, as given by the caller (nanoseconds).</summary>
    public required ulong ArrivedNs { get; init; }

    /// <summary>Nanoseconds from <see cref="ArrivedNs"/> to the chunk with the end of the answer.</summary>
    public required ulong DurationNs { get; init; }

    /// <summary>The session's application name when the statement ended.</summary>
    public required ReadOnlyMemory<byte> Application { get; init; }
}
