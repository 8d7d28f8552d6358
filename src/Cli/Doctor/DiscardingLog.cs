using ECapture.Log;

namespace ECapture.Cli.Doctor;

/// <summary>The log of a trial: its events are nobody's record.</summary>
internal sealed class DiscardingLog : ILogWriter
{
    public ValueTask AppendAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
