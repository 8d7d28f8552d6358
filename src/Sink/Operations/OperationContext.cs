using ECapture.Log;
using ECapture.Log.Journal;
using ECapture.Policies;
using ECapture.Sink.Retention;
using ECapture.Storage;

namespace ECapture.Sink.Operations;

/// <summary>What an operation on a store is given, wherever it runs: in the command's own process or in the service that owns the store.</summary>
/// <param name="Store">The store, open for writing.</param>
/// <param name="Log">The log that its sink reads; null: it is not known here.</param>
/// <param name="Journals">Directory of the journals that are delivered into the store beside the log; null: none.</param>
/// <param name="Journal">Where what is done to the store is recorded.</param>
/// <param name="Parameters">Names and values; <see cref="OperationParameters"/> reads them.</param>
/// <param name="Output">Takes the report, line by line.</param>
public sealed record OperationContext(Store Store, LogAddress? Log, string? Journals, IJournal Journal, OperationParameters Parameters, TextWriter Output)
{
    /// <summary>The store's keeper; null: this operation was not given one.</summary>
    public IStoreKeeper? Keeper { get; init; }

    /// <summary>Directory of the topics of dead letters, where the log is none of Kafka's; null: none.</summary>
    public string? DeadLetters { get; init; }

    /// <summary>Folder of the archives; null: none.</summary>
    public string? Archives { get; init; }

    /// <summary>What the store keeps of payloads; null: everything.</summary>
    public Policy? Policy { get; init; }

    /// <exception cref="SinkException">There is none.</exception>
    internal IStoreKeeper RequireKeeper() => Keeper ?? throw new SinkException("the process that runs this has no keeper of its store: it is of another version");

    /// <summary>Who asked for the operation, as the command says.</summary>
    internal string Actor() => Parameters.Text("actor") is { Length: > 0 } actor ? actor : "unknown";
}
