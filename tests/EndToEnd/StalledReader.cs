using ECapture.Capture.Modules;

namespace ECapture.Tests.EndToEnd;

/// <summary>A module that keeps the capture thread from reading, so that rings fill up.</summary>
internal sealed class StalledReader : IModule
{
    internal const string ModuleName = "stall";

    private readonly SemaphoreSlim _standing = new(0);
    private readonly ManualResetEventSlim _goOn = new(true);

    public string Name => ModuleName;

    /// <summary>Ends when nothing is read any more.</summary>
    internal async Task BeginAsync(CancellationToken cancellationToken)
    {
        _goOn.Reset();
        await _standing.WaitAsync(cancellationToken);
    }

    internal void End() => _goOn.Set();

    public void Start(ModuleContext context)
    {
    }

    public void Tick(ulong bootNs)
    {
        if (!_goOn.IsSet)
        {
            _standing.Release();
            _goOn.Wait();
        }
    }

    public void Detach()
    {
    }

    public void Flush()
    {
    }

    public void Dispose() => End();
}
