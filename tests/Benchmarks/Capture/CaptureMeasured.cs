namespace ECapture.Benchmarks.Capture;

/// <summary>One measurement.</summary>
/// <param name="Rate">Requests, transactions or statements per second.</param>
/// <param name="Offered">How many there were.</param>
/// <param name="Captured">How many of them are in the log; -1: nothing captured them.</param>
/// <param name="Lost">Records that the agent declared lost.</param>
/// <param name="AgentCpu">Seconds of the agent's processor time.</param>
/// <param name="AgentRss">Bytes of the agent's proportional resident memory at the end.</param>
internal sealed record CaptureMeasured(double Rate, long Offered, long Captured, long Lost, double AgentCpu, long AgentRss);
