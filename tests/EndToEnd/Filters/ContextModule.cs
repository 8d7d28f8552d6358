using ECapture.Capture.Modules;

namespace ECapture.Tests.EndToEnd.Filters;

/// <summary>A module that does nothing and lets a test see what modules are lent.</summary>
internal sealed class ContextModule : IModule
{
    internal ModuleContext Context { get; private set; } = null!;

    public string Name => "connection-context";

    public void Start(ModuleContext context) => Context = context;

    public void Tick(ulong bootNs)
    {
    }

    public void Detach()
    {
    }

    public void Flush()
    {
    }

    public void Dispose()
    {
    }
}
