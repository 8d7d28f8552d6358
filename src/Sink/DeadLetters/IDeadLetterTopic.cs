using ECapture.Log;
using ECapture.Sink.Delivery;

namespace ECapture.Sink.DeadLetters;

/// <summary>The topics <c>….dlq</c>, as a delivery sees them (docs/architecture.md, "Dead letters").</summary>
public interface IDeadLetterTopic
{
    /// <summary>Puts on the topic what it does not have yet. On return it is durable there.</summary>
    /// <param name="log">The log that the records come from.</param>
    /// <param name="records">Of one batch.</param>
    /// <param name="cancellationToken">Gives up; some may be there.</param>
    /// <exception cref="LogException">Not all of them are there: the batch must not be stored.</exception>
    Task AppendAsync(string log, IReadOnlyList<DeadRecord> records, CancellationToken cancellationToken);
}
