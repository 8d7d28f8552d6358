namespace ECapture.Capture.Agent;

/// <summary>How a run is.</summary>
/// <param name="Run">Its id.</param>
/// <param name="Pid">Process of the agent.</param>
/// <param name="Secrets">TLS secrets that are in the log.</param>
/// <param name="Modules">Its modules.</param>
public sealed record AgentReport(Guid Run, int Pid, long Secrets, IReadOnlyList<ModuleStatus> Modules);
