namespace ECapture.Protocols.MySql;

/// <summary>How a statement reached the server.</summary>
public enum MySqlStatementKind
{
    /// <summary>COM_QUERY: a string, perhaps of several statements.</summary>
    Query,

    /// <summary>COM_STMT_EXECUTE or COM_STMT_BULK_EXECUTE; also a COM_STMT_PREPARE that failed.</summary>
    Prepared,
}
