using System.Globalization;
using System.Text;
using ECapture.Events;
using ECapture.Log;

namespace ECapture.Tests.Chaos.Feeding;

/// <summary>
/// The local log, and what it acknowledged: after each append that returned, one line "acked TOPIC LAST" for each topic. A kill may come between the append
/// and the line; then the log holds more than was said, never less.
/// </summary>
internal sealed class AcknowledgedWriter(ILogWriter log, TextWriter output) : ILogWriter
{
    private readonly Dictionary<string, ulong> _last = new(StringComparer.Ordinal);
    private volatile bool _isRefusing;

    /// <summary>True when the last append was refused.</summary>
    public bool IsRefusing => _isRefusing;

    public async ValueTask AppendAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
    {
        _isRefusing = true;
        await log.AppendAsync(entries, cancellationToken);
        _isRefusing = false;
        _last.Clear();
        for (int i = 0; i < entries.Count; i++)
        {
            if (EventReader.TryRead(entries[i].Value.Span, out EventFields fields))
            {
                _last[entries[i].TopicPartition.Topic] = fields.Sequence;
            }
        }

        StringBuilder lines = new();
        foreach ((string topic, ulong last) in _last)
        {
            lines.Append(CultureInfo.InvariantCulture, $"acked {topic} {last} .\n");
        }

        await output.WriteAsync(lines, cancellationToken);
        await output.FlushAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => log.DisposeAsync();
}
