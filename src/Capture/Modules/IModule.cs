namespace ECapture.Capture.Modules;

/// <summary>
/// Says what to attach, to what, and how a record becomes an event. All members are called on the capture thread, so a module needs no locks.
/// </summary>
public interface IModule : IDisposable
{
    /// <summary>The name users give to <c>--modules</c>.</summary>
    string Name { get; }

    /// <summary>What it is attached to, in a few words for people: "3 libraries". Empty: nothing to say.</summary>
    string Summary => "";

    /// <summary>What it is attached to, one by one. Empty: nothing that has a name.</summary>
    IReadOnlyList<ModuleTarget> Targets => [];

    /// <summary>Opens, loads, attaches, adds its ring to the reader.</summary>
    /// <exception cref="CaptureException">It cannot run here; says why. The others go on.</exception>
    void Start(ModuleContext context);

    /// <summary>Called about every 100 ms: time-outs, losses, new targets.</summary>
    /// <param name="bootNs">CLOCK_BOOTTIME now, nanoseconds.</param>
    void Tick(ulong bootNs);

    /// <summary>Detaches. The ring is drained once more after this; then <see cref="Flush"/> is called.</summary>
    void Detach();

    /// <summary>Publishes what is still open (statements without an answer …), marked as incomplete.</summary>
    void Flush();
}
