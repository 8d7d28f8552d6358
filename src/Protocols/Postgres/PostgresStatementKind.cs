namespace ECapture.Protocols.Postgres;

/// <summary>How a statement reached the server.</summary>
public enum PostgresStatementKind
{
    /// <summary>A Query message: one string, perhaps of several statements.</summary>
    Simple,

    /// <summary>Parse, Bind, Execute.</summary>
    Extended,

    /// <summary>A FunctionCall message.</summary>
    Function,
}
