namespace ECapture.Protocols.Sql;

/// <summary>A parameter bound to a statement, or an argument of a function call.</summary>
/// <param name="Value">Its bytes; null for SQL NULL.</param>
/// <param name="IsBinary">PostgreSQL: in the type's binary format. MySQL: bytes of no character set that the protocol names. Else text: numbers in decimal, times as SQL writes them.</param>
/// <param name="Type">PostgreSQL: object id of its type, 0 when the client left it to the server. MySQL: the protocol's field type (MYSQL_TYPE_LONG 3, MYSQL_TYPE_VAR_STRING 253 …), plus 0x8000 when unsigned.</param>
public readonly record struct SqlParameter(byte[]? Value, bool IsBinary, uint Type);
