using ECapture.Protocols.Sql;

namespace ECapture.Protocols.Postgres;

/// <summary>What a client asked for, in the order of its messages.</summary>
internal enum RequestKind
{
    /// <summary>The session's begin; ends with the first ReadyForQuery.</summary>
    Startup,

    /// <summary>Query.</summary>
    Query,

    /// <summary>FunctionCall.</summary>
    Function,

    /// <summary>Parse.</summary>
    Parse,

    /// <summary>Bind.</summary>
    Bind,

    /// <summary>Describe of a prepared statement.</summary>
    DescribeStatement,

    /// <summary>Describe of a portal.</summary>
    DescribePortal,

    /// <summary>Execute.</summary>
    Execute,

    /// <summary>Close of a prepared statement.</summary>
    CloseStatement,

    /// <summary>Close of a portal.</summary>
    ClosePortal,

    /// <summary>Sync.</summary>
    Sync,

    /// <summary>CopyDone or CopyFail: no answer of its own, but it says which Syncs a COPY swallowed.</summary>
    CopyEnd,
}

/// <summary>One request that waits for its answer, and what its answer said so far.</summary>
internal sealed class Request(RequestKind kind, ulong arrivedNs)
{
    internal RequestKind Kind { get; } = kind;

    internal ulong ArrivedNs { get; } = arrivedNs;

    /// <summary>Statement name (Parse, Bind, Describe, Close) or portal name (Execute, Describe, Close).</summary>
    internal string Name { get; init; } = "";

    /// <summary>Portal of a Bind.</summary>
    internal string Portal { get; init; } = "";

    /// <summary>Text of a Query or Parse, as far as it was kept.</summary>
    internal byte[] Text { get; init; } = [];

    /// <summary>Types that a Parse stated, or that the server described.</summary>
    internal uint[] Types { get; set; } = [];

    /// <summary>Values of a Bind or FunctionCall; their types are the statement's.</summary>
    internal SqlParameter[] Parameters { get; init; } = [];

    /// <summary>Bytes of text or values in the message.</summary>
    internal long OriginalLength { get; init; }

    /// <summary>Less than the message held was kept.</summary>
    internal bool IsCut { get; init; }

    /// <summary>What it holds in memory.</summary>
    internal int Size { get; init; }

    internal byte[] Tag { get; set; } = [];

    internal ulong? Rows { get; set; }

    /// <summary>DataRow messages since the last completion.</summary>
    internal ulong DataRows { get; set; }

    internal bool IsCopyIn { get; set; }

    internal bool HasFailed { get; set; }

    internal string ErrorCode { get; set; } = "";

    internal byte[] ErrorMessage { get; set; } = [];

    /// <summary>Its answer ends with ReadyForQuery, so no answer of a later request can come before that.</summary>
    internal bool EndsWithReady => Kind is RequestKind.Startup or RequestKind.Query or RequestKind.Function or RequestKind.Sync;
}
