namespace ECapture.Capture.Agent;

/// <summary>How the start of a module went.</summary>
/// <param name="Name">The module.</param>
/// <param name="IsRunning">False when it failed.</param>
/// <param name="Detail">What it is attached to, or why it failed.</param>
public sealed record ModuleOutcome(string Name, bool IsRunning, string Detail);
