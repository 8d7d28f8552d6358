using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Streams;
using Google.Protobuf;

namespace ECapture.Terminal;

/// <summary>
/// Stands where the pipeline has its log: gives the agent's events to an output, in order. While the output is slow the agent's queue fills, and what does
/// not fit is counted and declared by the agent, as it is with a slow log.
/// </summary>
internal sealed class EventReceiver(IEventOutput output) : ILogWriter
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AgentClock _clock = new();
    private bool _isComplete;

    /// <summary>Ends, as a failure, when the output cannot write any more.</summary>
    internal Task Failed => _failed.Task;

    /// <inheritdoc/>
    public ValueTask AppendAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            try
            {
                for (int i = 0; i < entries.Count && !IsOver; i++)
                {
                    Take(entries[i].TopicPartition.Topic, entries[i].Value.Span);
                }
            }
            catch (Exception e) when (IsOutputError(e))
            {
                _failed.TrySetException(e);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Passes time.</summary>
    internal void Tick(ulong nowNs)
    {
        lock (_gate)
        {
            try
            {
                if (!IsOver)
                {
                    output.Tick(nowNs);
                }
            }
            catch (Exception e) when (IsOutputError(e))
            {
                _failed.TrySetException(e);
            }
        }
    }

    /// <summary>Changes settings between two events.</summary>
    internal void Change(Action change)
    {
        lock (_gate)
        {
            change();
        }
    }

    /// <summary>Takes something that the command says of itself, as an event.</summary>
    internal void Say(AgentState state)
    {
        ulong now = _clock.BootNs;
        byte[] encoded = new Event { Topic = Topics.Agent, BootNs = now, WallNs = _clock.ToWall(now), AgentState = state }.ToByteArray();
        lock (_gate)
        {
            try
            {
                if (!IsOver)
                {
                    Take(Topics.Agent, encoded);
                }
            }
            catch (Exception e) when (IsOutputError(e))
            {
                _failed.TrySetException(e);
            }
        }
    }

    /// <summary>Writes what is open. What comes after is dropped.</summary>
    /// <exception cref="IOException">It cannot be written, or could not be before.</exception>
    internal void Complete()
    {
        lock (_gate)
        {
            if (_failed.Task.Exception is { InnerException: { } first })
            {
                throw new IOException(first.Message, first);
            }

            _isComplete = true;
            output.Complete();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private bool IsOver => _isComplete || _failed.Task.IsCompleted;

    private static bool IsOutputError(Exception e) => e is IOException or UnauthorizedAccessException;

    private void Take(string topic, ReadOnlySpan<byte> encoded)
    {
        if (EventReader.TryRead(encoded, out EventFields fields))
        {
            TerminalMetrics.Events.Add(1);
            output.Write(new ReceivedEvent(topic, encoded, ref fields));
        }
    }
}
