namespace ECapture.Storage.Reading;

/// <summary>Plaintext of a connection in one direction.</summary>
/// <param name="Host">The host,</param>
/// <param name="Connection">and the connection of its agent's run.</param>
/// <param name="Topic">Where the plaintext is.</param>
/// <param name="IsSent">The process wrote it; else it read it.</param>
/// <param name="Bytes">From the first byte that the agent saw to the last one that is stored.</param>
public sealed record ConnectionTraffic(string Host, ulong Connection, string Topic, bool IsSent, ulong Bytes);
