using ECapture.Events.V1;

namespace ECapture.Log.Journal;

/// <summary>A journal that could not be opened: whoever has to write into it is refused with the reason.</summary>
/// <param name="reason">Why it could not be opened.</param>
public sealed class UnavailableJournal(string reason) : IJournal
{
    /// <inheritdoc/>
    public Task AppendAsync(Control control, CancellationToken cancellationToken) => Task.FromException(Refusal());

    /// <inheritdoc/>
    public Task AppendAsync(Access access, CancellationToken cancellationToken) => Task.FromException(Refusal());

    private LogException Refusal() => new($"this cannot be done because it cannot be recorded: {reason}", isTransient: false);
}
