using ECapture.Sink.Archive;
using ECapture.Sink.Holds;

namespace ECapture.Sink.Retention;

/// <summary>What can be asked of, and done to, what a store keeps: here or in the service that owns the store.</summary>
public interface IStoreKeeper
{
    /// <summary>Every partition, and what is to become of it.</summary>
    Task<RetentionReport> ShowAsync(CancellationToken cancellationToken);

    /// <summary>Applies the rules once.</summary>
    /// <param name="isDryRun">True: only says what would be done.</param>
    /// <param name="actor">Who wants it.</param>
    /// <param name="cancellationToken">Ends it between two partitions, or in an export.</param>
    Task<RetentionResult> ApplyAsync(bool isDryRun, string actor, CancellationToken cancellationToken);

    /// <summary>All legal holds, also those that are over.</summary>
    Task<IReadOnlyList<LegalHold>> HoldsAsync(CancellationToken cancellationToken);

    /// <summary>Adds a legal hold. When this returns, nothing that it keeps is dropped any more.</summary>
    /// <exception cref="SinkException">The name is taken.</exception>
    Task<LegalHold> AddHoldAsync(LegalHold hold, CancellationToken cancellationToken);

    /// <summary>Ends a legal hold.</summary>
    /// <exception cref="SinkException">There is none of that name.</exception>
    Task<LegalHold> ReleaseHoldAsync(string name, string actor, CancellationToken cancellationToken);

    /// <summary>The archived partitions.</summary>
    Task<IReadOnlyList<ArchiveManifest>> ArchivesAsync(CancellationToken cancellationToken);

    /// <summary>Reads an archive whole and compares it with its manifest.</summary>
    /// <exception cref="SinkException">It is damaged, or there is none.</exception>
    Task<ArchiveManifest> VerifyArchiveAsync(string name, CancellationToken cancellationToken);

    /// <summary>Brings an archived partition back.</summary>
    /// <param name="name">The archive.</param>
    /// <param name="keep">How long a legal hold keeps what came back.</param>
    /// <param name="actor">Who wants it.</param>
    /// <param name="cancellationToken">Ends it; it may be run again.</param>
    Task<RestoreResult> RestoreAsync(string name, TimeSpan keep, string actor, CancellationToken cancellationToken);
}
