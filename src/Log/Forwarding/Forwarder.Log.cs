using Microsoft.Extensions.Logging;

namespace ECapture.Log.Forwarding;

public sealed partial class Forwarder
{
    [LoggerMessage(1, LogLevel.Information, "Forwarding {Directory} to {Address} as host {Host}")]
    private partial void LogStarted(string directory, string address, string host);

    [LoggerMessage(2, LogLevel.Information, "Topic {Topic} goes to partition {Partition} + local partition, of {Count}, on {Target}")]
    private partial void LogSettled(string topic, int partition, int count, string target);

    [LoggerMessage(3, LogLevel.Warning, "Topic {Topic} on {Target} had {Before} partitions and now has {Count}: was it made anew? Its streams are laid out again")]
    private partial void LogShrunk(string topic, string target, int before, int count);

    [LoggerMessage(4, LogLevel.Warning, "Kafka takes nothing: {Reason}. The local log holds {Spooled} records and is sent when Kafka is back")]
    private partial void LogAway(string reason, long spooled);

    [LoggerMessage(5, LogLevel.Error, "Kafka refuses: {Reason}. The local log holds {Spooled} records; trying again in {Seconds} s")]
    private partial void LogRefused(string reason, long spooled, double seconds);

    [LoggerMessage(6, LogLevel.Information, "Kafka takes records again; {Spooled} records wait in the local log")]
    private partial void LogBack(long spooled);

    [LoggerMessage(7, LogLevel.Information, "Forwarding stopped; {Spooled} records stay in the local log")]
    private partial void LogStopped(long spooled);

    [LoggerMessage(8, LogLevel.Warning, "The local log cannot be read now: {Reason}. Trying again")]
    private partial void LogLocalAway(string reason);
}
