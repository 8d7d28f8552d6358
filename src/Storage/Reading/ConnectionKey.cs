namespace ECapture.Storage.Reading;

/// <summary>The name of a connection: its id is unique on its host.</summary>
public readonly record struct ConnectionKey(string Host, ulong Connection);
