using System.Collections.Concurrent;
using ECapture.Capture.Bpf;
using ECapture.Capture.Filters;
using ECapture.Capture.Modules;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Streams;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Agent;

/// <summary>
/// One run of capture: starts the modules, reads their rings on one thread, publishes into the local log, and leaves nothing attached.
/// </summary>
public sealed partial class CaptureAgent
{
    private readonly CaptureOptions _options;
    private readonly ILogWriter _log;
    private readonly ILoggerFactory _loggers;
    private readonly Func<string, IModule> _create;
    private readonly ILogger _logger;
    private readonly OwnProcesses _ownProcesses = new();
    private readonly ChosenProcesses? _chosen;
    private long _nextSearch;
    private readonly ConcurrentQueue<int> _toExclude = new();
    private readonly ConcurrentQueue<TaskCompletionSource<AgentReport>> _toReport = new();
    private volatile bool _isOver;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Creates an agent; <see cref="RunAsync"/> runs it once.</summary>
    /// <param name="options">What to capture.</param>
    /// <param name="log">The local log; stays open.</param>
    /// <param name="loggers">Makes the loggers.</param>
    /// <param name="createModule">Makes a module by name; default <see cref="CaptureModules.Create"/>.</param>
    public CaptureAgent(
        CaptureOptions options, ILogWriter log, ILoggerFactory loggers, Func<string, IModule>? createModule = null)
    {
        _options = options;
        _log = log;
        _loggers = loggers;
        _create = createModule ?? CaptureModules.Create;
        _logger = loggers.CreateLogger<CaptureAgent>();
        _chosen = options.Filter is { } filter ? new ChosenProcesses(filter, _logger) : null;
        Identity = AgentIdentity.Create(options.Tenant, options.Host);
    }

    /// <summary>The run's ids.</summary>
    public AgentIdentity Identity { get; }

    /// <summary>Ends when every module was started, or fails as <see cref="RunAsync"/> does.</summary>
    public Task Started => _started.Task;

    /// <summary>How each module's start went; complete once <see cref="Started"/> ended.</summary>
    public IReadOnlyList<ModuleOutcome> Outcomes { get; private set; } = [];

    /// <summary>Leaves a process out of every module from now on, and records that. May be called from any thread at any time.</summary>
    /// <param name="pid">Thread group id.</param>
    public void Exclude(int pid) => _toExclude.Enqueue(pid);

    /// <summary>Says how the run is; within about 100 ms. May be called from any thread once <see cref="Started"/> ended.</summary>
    /// <exception cref="OperationCanceledException">The run is over.</exception>
    public Task<AgentReport> ReportAsync()
    {
        TaskCompletionSource<AgentReport> report = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _toReport.Enqueue(report);
        if (_isOver)
        {
            CancelReports();
        }

        return report.Task;
    }

    /// <summary>Captures until it is cancelled; then detaches, drains and says so in the log, within 2 seconds.</summary>
    /// <exception cref="CaptureException">Nothing can be captured, or something was asked for that does not exist.</exception>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() =>
        {
            try
            {
                Run(cancellationToken);
                EndReports();
                _started.TrySetResult();
                ended.SetResult();
            }
            catch (Exception e) // handed to whoever awaits
            {
                EndReports();
                _started.TrySetException(e);
                ended.SetException(e);
            }
        })
        {
            Name = "capture",
            IsBackground = true,
        };
        thread.Start();
        return ended.Task;
    }

    private void Run(CancellationToken cancellationToken)
    {
        if (!RaisedPriority.TryTake(out string refused))
        {
            LogNotRaised(_logger, refused);
        }

        AgentClock clock = new();
        LossAccount losses = new(clock);
        using RingReader rings = new();
        List<string> names = [.. CaptureModules.Always.Where(n => _create == CaptureModules.Create), .. _options.Modules];
        using BaseObject baseObject = BaseObject.Load(_options.ObjectDirectory, KernelFit.Choose(_options.Btf, _options.BtfFile, _options.KernelBtf));
        using EventGate? gate = _options.Filter is { IsUsed: true } filter
            ? new EventGate(filter, losses, () => clock.BootNs, new UnwantedProcesses(baseObject.SharedMaps["excluded_processes"], () => clock.BootNs))
            : null;
        EventPublisher publisher = new(Identity, _options, clock, losses, _log, _loggers, gate);
        try
        {
            ProbeAccount probes = new(publisher, losses);
            ModuleContext context = new()
            {
                Probes = probes,
                ObjectDirectory = _options.ObjectDirectory,
                Fit = baseObject.Fit,
                Rings = rings,
                Publisher = publisher,
                Losses = losses,
                SharedMaps = baseObject.SharedMaps,
                Connections = new ConnectionIds(),
                Options = _options,
                Policy = publisher.Policy,
                Gate = gate,
                BootNs = () => clock.BootNs,
                Loggers = _loggers,
            };
            using ModuleSet modules = new(baseObject, context, publisher, probes, _loggers.CreateLogger<ModuleSet>());
            AgentRecord record = new(Identity, publisher);
            record.Started(_options.Modules);
            if (_options.Filter?.Describe() is { Length: > 0 } filtered)
            {
                record.Filtered(filtered);
            }

            foreach (int pid in _options.ExcludedPids.Append(Environment.ProcessId).Distinct())
            {
                Exclude(pid);
            }

            Exclusions exclusions = new(baseObject, record);
            UpdateExclusions(exclusions);
            Outcomes = modules.Outcomes;
            modules.Start(names.Distinct(), _options.Modules, _create);
            _started.TrySetResult();
            LogStarted(_logger, Identity.Run, string.Join(", ", modules.Running));
            CaptureLoop loop = new(rings, modules, publisher, losses, probes, clock, record, () => OnTick(exclusions, modules, publisher, losses));
            loop.Run(cancellationToken);
            loop.Stop();
            LogStopped(_logger, Identity.Run);
        }
        finally
        {
            publisher.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private void OnTick(Exclusions exclusions, ModuleSet modules, EventPublisher publisher, LossAccount losses)
    {
        UpdateExclusions(exclusions);
        while (_toReport.TryDequeue(out TaskCompletionSource<AgentReport>? report))
        {
            report.SetResult(new AgentReport(Identity.Run, Environment.ProcessId, publisher.Appended(Topics.Secret), modules.Report(losses)));
        }
    }

    private void EndReports()
    {
        _isOver = true;
        CancelReports();
    }

    private void CancelReports()
    {
        while (_toReport.TryDequeue(out TaskCompletionSource<AgentReport>? report))
        {
            report.TrySetCanceled();
        }
    }

    private void UpdateExclusions(Exclusions exclusions)
    {
        const int EveryMilliseconds = 1000;
        if (Environment.TickCount64 >= _nextSearch)
        {
            _nextSearch = Environment.TickCount64 + EveryMilliseconds;
            exclusions.DropEnded();
            _chosen?.Look();
            foreach (int pid in _ownProcesses.TakeNew())
            {
                Exclude(pid);
            }
        }

        while (_toExclude.TryDequeue(out int pid))
        {
            exclusions.Add(pid);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Capture run {Run} started: {Modules}.")]
    private static partial void LogStarted(ILogger logger, Guid run, string modules);

    [LoggerMessage(Level = LogLevel.Information, Message = "Capture has no more than an even share of the processors: the kernel refused a higher priority ({Why}); give it CAP_SYS_NICE, or it may lose records when all are busy.")]
    private static partial void LogNotRaised(ILogger logger, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "Capture run {Run} stopped; nothing is left attached.")]
    private static partial void LogStopped(ILogger logger, Guid run);
}
