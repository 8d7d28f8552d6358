using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Processes;

/// <summary>Receives the starts and ends of processes from the module <c>process</c>, on the capture thread.</summary>
internal interface IProcessObserver
{
    /// <summary>A program began.</summary>
    void OnStarted(StartedProcess process);

    /// <summary>A process ended.</summary>
    void OnEnded(in ExitRecord process);
}

/// <summary>What the module <c>process</c> lends to the others of its run.</summary>
public sealed class ProcessFeed
{
    private readonly List<IProcessObserver> _observers = [];
    private ulong _lastCommand;

    /// <summary>Program files of shells: <see cref="ImageKey"/> to kind. Null: the module does not run.</summary>
    internal BpfMap? ShellImages { get; set; }

    /// <summary>Processes that run a shell: pid to kind. Null: the module does not run.</summary>
    internal BpfMap? ShellProcesses { get; set; }

    /// <summary>Gives ids of commands, the same for all shells of the run.</summary>
    internal ulong NextCommand() => ++_lastCommand;

    internal void Subscribe(IProcessObserver observer) => _observers.Add(observer);

    internal void Unsubscribe(IProcessObserver observer) => _observers.Remove(observer);

    internal void Started(StartedProcess process)
    {
        foreach (IProcessObserver observer in _observers)
        {
            observer.OnStarted(process);
        }
    }

    internal void Ended(in ExitRecord process)
    {
        foreach (IProcessObserver observer in _observers)
        {
            observer.OnEnded(process);
        }
    }
}
