using ECapture.Log;

namespace ECapture.Terminal.Switching;

/// <summary>One agent's way into the receiver. Where one agent follows another, each gives its part (<see cref="Succession"/>).</summary>
internal sealed class AgentEvents(EventReceiver receiver) : ILogWriter
{
    private volatile Part _part = Part.Whole;

    /// <summary>Gives all from now on.</summary>
    internal void GiveAll() => _part = Part.Whole;

    /// <summary>Gives what is selected from now on.</summary>
    /// <param name="selection">What of it.</param>
    /// <param name="until">Nothing is given before this ended: the agent's own queue holds it.</param>
    internal void Give(IEventSelection selection, Task until) => _part = new Part(selection, until);

    /// <inheritdoc/>
    public async ValueTask AppendAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
    {
        Part part = _part;
        await part.Until.WaitAsync(cancellationToken).ConfigureAwait(false);
        receiver.Take(entries, part.Selection);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed record Part(IEventSelection? Selection, Task Until)
    {
        internal static Part Whole { get; } = new(null, Task.CompletedTask);
    }
}
