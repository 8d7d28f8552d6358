namespace ECapture.Protocols.Postgres;

/// <summary>A parameter value of a Bind or FunctionCall message.</summary>
/// <param name="Value">Its bytes; null for SQL NULL.</param>
/// <param name="IsBinary">In the type's binary format, not as text.</param>
/// <param name="Type">Object id of its type; 0 when the client left it to the server.</param>
public readonly record struct PostgresParameter(byte[]? Value, bool IsBinary, uint Type);
