namespace ECapture.Protocols.MySql;

/// <summary>A bound parameter.</summary>
/// <param name="Type">The protocol's field type (MYSQL_TYPE_LONG 3, MYSQL_TYPE_VAR_STRING 253 …), plus 0x8000 when unsigned.</param>
/// <param name="IsBinary">The value is bytes of no character set that the protocol names; else it is text: numbers in decimal, times as SQL writes them.</param>
/// <param name="Value">Null: NULL.</param>
public readonly record struct MySqlParameter(ushort Type, bool IsBinary, byte[]? Value);
