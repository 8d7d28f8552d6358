using ECapture.Events.V1;

namespace ECapture.Log.Journal;

/// <summary>
/// The record of what a service does: who asked for what is kept, and what was done to it. Both are appended before they happen, so that
/// nothing happens that is not on record.
/// </summary>
public interface IJournal
{
    /// <summary>Records that something is about to be done to what is kept. On return it outlives a power cut.</summary>
    /// <exception cref="LogException">It is not on record: the action must not be taken.</exception>
    Task AppendAsync(Control control, CancellationToken cancellationToken);

    /// <summary>Records that somebody is about to get what he asked for, or was refused it. On return it outlives a power cut.</summary>
    /// <exception cref="LogException">It is not on record: nothing may be given out.</exception>
    Task AppendAsync(Access access, CancellationToken cancellationToken);
}
