using ECapture.Capture.Modules;

namespace ECapture.Capture.Agent;

/// <summary>How a module of a run is.</summary>
/// <param name="Name">The module.</param>
/// <param name="IsRunning">False: it failed.</param>
/// <param name="Detail">What it is attached to, or why it failed.</param>
/// <param name="Targets">What it is attached to, one by one.</param>
/// <param name="Events">Events of its topic that are in the log.</param>
/// <param name="Lost">Records that were lost on the way there, since the start.</param>
/// <param name="Probes">What became of the hits of its probes; null: it has none yet.</param>
public sealed record ModuleStatus(
    string Name, bool IsRunning, string Detail, IReadOnlyList<ModuleTarget> Targets, long Events, long Lost, ProbeCounts? Probes);
