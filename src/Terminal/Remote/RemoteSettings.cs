using ECapture.Terminal.Text;

namespace ECapture.Terminal.Remote;

/// <summary>What may be changed while a command runs.</summary>
/// <param name="Filter">Whose events are shown.</param>
/// <param name="Text">How much of them, and how.</param>
internal sealed record RemoteSettings(ProcessFilter Filter, TextOptions Text);
