using ECapture.Capture;
using ECapture.Capture.Modules;

namespace ECapture.Tests.EndToEnd.Agent;

/// <summary>A module that cannot run here.</summary>
internal sealed class BrokenModule : IModule
{
    public string Name => "broken";

    public void Start(ModuleContext context) => throw new CaptureException("there is nothing to attach to");

    public void Tick(ulong bootNs) => throw new InvalidOperationException("a module that did not start has no time");

    public void Detach()
    {
    }

    public void Flush() => throw new InvalidOperationException("a module that did not start has nothing open");

    public void Dispose()
    {
    }
}
