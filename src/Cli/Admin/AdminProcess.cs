using ECapture.Cli.Commands;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Log;
using ECapture.Policies;
using ECapture.Sink.Operations;
using ECapture.Sink.Retention;
using ECapture.Storage;

namespace ECapture.Cli.Admin;

/// <summary>A store that is open in this process for operations, with the journal that they are recorded in.</summary>
internal sealed class AdminProcess : IAsyncDisposable
{
    private readonly Store _store;
    private readonly Telemetry.Telemetry _telemetry;
    private readonly JournalParts _journal;
    private readonly DataDirectory _data;
    private readonly LogAddress? _log;
    private readonly IStoreKeeper _keeper;
    private readonly Policy _policy;

    private AdminProcess(
        Store store, Telemetry.Telemetry telemetry, JournalParts journal, DataDirectory data, LogAddress? log, IStoreKeeper keeper, Policy policy)
    {
        _keeper = keeper;
        _store = store;
        _telemetry = telemetry;
        _journal = journal;
        _data = data;
        _log = log;
        _policy = policy;
    }

    /// <summary>Opens the store.</summary>
    /// <exception cref="StoreException">It cannot be opened.</exception>
    internal static async Task<AdminProcess> OpenAsync(OptionReader options, DataDirectory data, CancellationToken cancellationToken)
    {
        LogAddress? log = LogOf(options, data);
        Policy policy = Composition.StorePolicyOf(options); // refused before anything is opened
        Store store = await StoreFactory.OpenAsync(Composition.StoreAddressOf(options, data), StoreRole.Writer, cancellationToken, KeeperParts.RotationOf(options));
        Telemetry.Telemetry telemetry = Telemetry.Telemetry.Start("command", options);
        JournalParts journal = JournalParts.Start(options, data, "command", store, telemetry.Loggers);
        return new AdminProcess(store, telemetry, journal, data, log, KeeperParts.Open(options, data, store, journal.Journal, telemetry.Loggers), policy);
    }

    /// <summary>The log asked for; null when nobody named one and the data directory has none.</summary>
    internal static LogAddress? LogOf(OptionReader options, DataDirectory data) =>
        options.Find(CommonOptions.Log) is not null || Directory.Exists(data.Log) ? Composition.LogAddressOf(options, data) : null;

    /// <summary>Runs an operation.</summary>
    internal Task<int> RunAsync(string name, OperationParameters parameters, TextWriter output, CancellationToken cancellationToken)
    {
        Func<OperationContext, CancellationToken, Task<int>> operation = AdminOperations.Find(name) ?? throw new UsageException($"there is no operation {name}");
        OperationContext context = new(_store, _log, _data.Journal, _journal.Journal, parameters, output)
        {
            Keeper = _keeper,
            DeadLetters = _data.DeadLetters,
            Archives = KeeperParts.ArchivesOf(_policy, _data),
            Policy = _policy,
        };
        return operation(context, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _journal.DisposeAsync();
        _telemetry.Dispose();
        await _store.DisposeAsync();
    }
}
