using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Streams;
using ECapture.Terminal.Switching;
using Google.Protobuf;

namespace ECapture.Terminal;

/// <summary>
/// Stands where the pipeline has its log: gives the events of agents to an output, in order. While the output is slow an agent's queue fills, and what does
/// not fit is counted and declared by the agent, as it is with a slow log.
/// </summary>
internal sealed class EventReceiver(IEventOutput output)
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AgentClock _clock = new();
    private bool _isComplete;

    /// <summary>Ends, as a failure, when the output cannot write any more.</summary>
    internal Task Failed => _failed.Task;

    /// <summary>Takes what an agent captured.</summary>
    /// <param name="entries">In its order.</param>
    /// <param name="selection">What of it counts; null: all.</param>
    internal void Take(IReadOnlyList<LogEntry> entries, IEventSelection? selection)
    {
        lock (_gate)
        {
            try
            {
                for (int i = 0; i < entries.Count && !IsOver; i++)
                {
                    Take(entries[i].TopicPartition.Topic, entries[i].Value.Span, selection);
                }
            }
            catch (Exception e) when (IsOutputError(e))
            {
                _failed.TrySetException(e);
            }
        }
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
                    Take(Topics.Agent, encoded, selection: null);
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

    private bool IsOver => _isComplete || _failed.Task.IsCompleted;

    private static bool IsOutputError(Exception e) => e is IOException or UnauthorizedAccessException;

    private void Take(string topic, ReadOnlySpan<byte> encoded, IEventSelection? selection)
    {
        if (!EventReader.TryRead(encoded, out EventFields fields))
        {
            return;
        }

        ReceivedEvent received = new(topic, encoded, ref fields);
        if (selection is null || selection.Takes(received))
        {
            TerminalMetrics.Events.Add(1);
            output.Write(received);
        }
    }
}
