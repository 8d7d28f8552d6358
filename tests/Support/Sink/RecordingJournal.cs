using System.Collections.Concurrent;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Journal;

namespace ECapture.Tests.Support.Sink;

/// <summary>A journal in memory.</summary>
public sealed class RecordingJournal : IJournal
{
    private readonly ConcurrentQueue<Control> _controls = new();

    /// <summary>What was recorded.</summary>
    public IReadOnlyList<Control> Controls => [.. _controls];

    /// <summary>True: nothing can be recorded.</summary>
    public bool Refuses { get; set; }

    public Task AppendAsync(Control control, CancellationToken cancellationToken)
    {
        if (Refuses)
        {
            return Task.FromException(new LogException("the journal is full", isTransient: true));
        }

        _controls.Enqueue(control);
        return Task.CompletedTask;
    }

    public Task AppendAsync(Access access, CancellationToken cancellationToken) => Task.CompletedTask;
}
