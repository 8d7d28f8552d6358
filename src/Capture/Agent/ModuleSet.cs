using ECapture.Capture.Modules;
using ECapture.Capture.Modules.Connection;
using ECapture.Capture.Publishing;
using ECapture.Events.V1;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Agent;

/// <summary>The modules of a run, in the order in which they were started. A module that fails does not stop the others.</summary>
internal sealed partial class ModuleSet(BaseObject baseObject, ModuleContext context, EventPublisher publisher, ProbeAccount probes, ILogger logger)
    : IDisposable
{
    private readonly List<IModule> _modules = [];

    // Their rings and objects stay open until the end of the run: the reader and the loss account still know them.
    private readonly List<IModule> _stopped = [];

    private readonly List<ModuleOutcome> _outcomes = [];

    // Why modules failed after their start.
    private readonly Dictionary<string, string> _reasons = [];

    /// <summary>How each module's start went.</summary>
    internal IReadOnlyList<ModuleOutcome> Outcomes => _outcomes;

    /// <summary>Names of the modules that run.</summary>
    internal IEnumerable<string> Running => _modules.Select(m => m.Name);

    /// <summary>Starts the modules; <c>connection</c> always and first.</summary>
    /// <exception cref="CaptureException">One does not exist, or none of those asked for can run.</exception>
    internal void Start(IEnumerable<string> names, IReadOnlyCollection<string> requested, Func<string, IModule> create)
    {
        // All names are looked up before anything is attached.
        List<IModule> modules = [new ConnectionModule(baseObject), .. names.Where(n => n != "connection").Select(create)];
        List<CaptureException> failures = [];
        foreach (IModule module in modules)
        {
            try
            {
                _modules.Add(module);
                module.Start(context);
                _outcomes.Add(new ModuleOutcome(module.Name, true, module.Summary));
                Publish(AgentState.Types.State.ModuleStarted, module.Name, module.Summary);
            }
            catch (CaptureException e) when (!e.IsUsage)
            {
                failures.Add(e);
                _outcomes.Add(new ModuleOutcome(module.Name, false, e.Message));
                _modules.Remove(module);
                Stop(module);
                Publish(AgentState.Types.State.ModuleFailed, module.Name, e.Message);
                LogModuleFailed(logger, module.Name, e.Message);
            }
        }

        if (requested.Count > 0 && !_modules.Any(m => requested.Contains(m.Name)))
        {
            throw new CaptureException($"no module can run: {string.Join("; ", failures.Select(f => f.Message))}", failures.FirstOrDefault());
        }
    }

    /// <summary>How each module is.</summary>
    internal IReadOnlyList<ModuleStatus> Report(LossAccount losses) =>
    [
        .. _outcomes.Select(o =>
        {
            IModule? running = _modules.FirstOrDefault(m => m.Name == o.Name);
            string detail = running?.Summary ?? _reasons.GetValueOrDefault(o.Name, o.Detail);
            return new ModuleStatus(
                o.Name, running is not null, detail, running?.Targets ?? [], publisher.Appended(o.Name), (long)losses.TotalOf(o.Name), probes.Of(o.Name));
        }),
    ];

    /// <summary>Passes time.</summary>
    internal void Tick(ulong bootNs)
    {
        for (int i = _modules.Count - 1; i >= 0; i--)
        {
            IModule module = _modules[i];
            try
            {
                module.Tick(bootNs);
            }
            catch (CaptureException e)
            {
                _modules.RemoveAt(i);
                _reasons[module.Name] = e.Message;
                Stop(module);
                Publish(AgentState.Types.State.ModuleFailed, module.Name, e.Message);
                LogModuleFailed(logger, module.Name, e.Message);
            }
        }
    }

    /// <summary>Detaches, the last started first.</summary>
    internal void Detach()
    {
        foreach (IModule module in Enumerable.Reverse(_modules))
        {
            module.Detach();
        }
    }

    /// <summary>Publishes what is still open.</summary>
    internal void Flush()
    {
        foreach (IModule module in _modules)
        {
            module.Flush();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IModule module in Enumerable.Reverse(_modules).Concat(_stopped))
        {
            module.Dispose();
        }

        _modules.Clear();
        _stopped.Clear();
    }

    private void Stop(IModule module)
    {
        module.Detach();
        _stopped.Add(module);
    }

    private void Publish(AgentState.Types.State state, string module, string detail) =>
        publisher.PublishAgent(new Event { AgentState = new AgentState { State = state, Module = module, Detail = detail } });

    [LoggerMessage(Level = LogLevel.Error, Message = "Module {Module} does not run: {Why}")]
    private static partial void LogModuleFailed(ILogger logger, string module, string why);
}
