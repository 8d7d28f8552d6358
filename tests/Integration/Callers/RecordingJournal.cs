using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Journal;
using AccessEvent = ECapture.Events.V1.Access;

namespace ECapture.Tests.Integration.Callers;

/// <summary>A journal in memory, which can be told to fail.</summary>
internal sealed class RecordingJournal : IJournal
{
    private readonly List<AccessEvent> _entries = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool Fails { get; set; }

    public IReadOnlyList<AccessEvent> Entries
    {
        get
        {
            lock (_entries)
            {
                return [.. _entries];
            }
        }
    }

    public Task AppendAsync(Control control, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task AppendAsync(AccessEvent access, CancellationToken cancellationToken)
    {
        if (Fails)
        {
            throw new LogException("the disk is full", isTransient: true);
        }

        lock (_entries)
        {
            _entries.Add(access);
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return Task.CompletedTask;
    }

    // How much it was is recorded after the last byte left.
    public async Task<AccessEvent> WaitForAsync(Func<AccessEvent, bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_entries)
            {
                if (_entries.Find(e => condition(e)) is { } found)
                {
                    return found;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(TimeSpan.FromSeconds(60), cancellationToken);
        }
    }
}
