namespace ECapture.Log;

/// <summary>What keeps a log.</summary>
public enum LogKind
{
    /// <summary>A directory of SQLite files on this machine.</summary>
    Local,

    /// <summary>Kafka brokers.</summary>
    Kafka,
}
