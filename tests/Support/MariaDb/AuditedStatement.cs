namespace ECapture.Tests.Support.MariaDb;

/// <summary>A statement as the audit plugin tells it.</summary>
/// <param name="Thread">Connection id of the server.</param>
/// <param name="User">Who.</param>
/// <param name="Database">Where.</param>
/// <param name="Text">The statement.</param>
/// <param name="Error">Its error number; 0: none.</param>
public sealed record AuditedStatement(uint Thread, string User, string Database, string Text, ushort Error);
