using ECapture.Events.V1;
using ECapture.Log.Journal;

namespace ECapture.Tests.Support.Sink;

/// <summary>Keeps what was recorded.</summary>
public sealed class RecordingJournal : IJournal
{
    public List<Control> Controls { get; } = [];

    public Task AppendAsync(Control control, CancellationToken cancellationToken)
    {
        Controls.Add(control);
        return Task.CompletedTask;
    }

    public Task AppendAsync(Access access, CancellationToken cancellationToken) => Task.CompletedTask;
}
