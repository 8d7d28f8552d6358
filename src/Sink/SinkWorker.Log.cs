using ECapture.Log;
using Microsoft.Extensions.Logging;

namespace ECapture.Sink;

/// <content>Its log messages.</content>
public sealed partial class SinkWorker
{
    [LoggerMessage(Level = LogLevel.Information, Message = "{Partition}: goes on at offset {Offset}")]
    private partial void LogResumed(TopicPartition partition, long offset);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Partition}: the last batch, offsets {Offset} to {ReplayTo}, runs again")]
    private partial void LogReplays(TopicPartition partition, long offset, long replayTo);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Partition}: offsets {From} to {To} stored, {Rows} rows, {DeadLetters} dead letters")]
    private partial void LogWritten(TopicPartition partition, long from, long to, int rows, int deadLetters);

    [LoggerMessage(Level = LogLevel.Warning, Message = "attempt {Attempt} failed, again in {Seconds:0.0} s: {Failure}")]
    private partial void LogRetry(int attempt, double seconds, string failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "topic {Topic} is not known to this version and is left alone: its events wait in the log for a newer ecapture")]
    private partial void LogUnknownTopic(string topic);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Partition}: the log dropped offsets {From} to {First} before they were stored: these events are lost here")]
    private partial void LogExpired(TopicPartition partition, long from, long first);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Partition}: the store did not take the last batch in time; everything from offset {Offset} is read again at the next start")]
    private partial void LogLeft(TopicPartition partition, long offset);
}
