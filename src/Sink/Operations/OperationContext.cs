using ECapture.Log;
using ECapture.Log.Journal;
using ECapture.Storage;

namespace ECapture.Sink.Operations;

/// <summary>What an operation on a store is given, wherever it runs: in the command's own process or in the service that owns the store.</summary>
/// <param name="Store">The store, open for writing.</param>
/// <param name="Log">The log that its sink reads; null: it is not known here.</param>
/// <param name="Journals">Directory of the journals that are delivered into the store beside the log; null: none.</param>
/// <param name="Journal">Where what is done to the store is recorded.</param>
/// <param name="Parameters">Names and values; <see cref="OperationParameters"/> reads them.</param>
/// <param name="Output">Takes the report, line by line.</param>
public sealed record OperationContext(Store Store, LogAddress? Log, string? Journals, IJournal Journal, OperationParameters Parameters, TextWriter Output);
