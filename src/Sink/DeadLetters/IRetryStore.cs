using ECapture.Storage;
using ECapture.Storage.Tables;

namespace ECapture.Sink.DeadLetters;

/// <summary>Stores the event of a dead letter.</summary>
internal interface IRetryStore
{
    /// <summary>Stores the event unless it is there, and marks the letter as resolved.</summary>
    /// <param name="letter">One whose bytes passed the sink's check.</param>
    /// <param name="table">Its table.</param>
    /// <param name="cancellationToken">Gives up; the same call may be made again.</param>
    /// <returns>False when the event was stored from another record.</returns>
    /// <exception cref="StoreException">The store refused or cannot be reached.</exception>
    Task<bool> StoreAsync(StoredDeadLetter letter, EventTable table, CancellationToken cancellationToken);
}
