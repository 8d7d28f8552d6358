using System.Globalization;
using ECapture.Capture.Publishing;
using ECapture.Events.V1;
using ECapture.Log.Streams;

namespace ECapture.Capture.Agent;

/// <summary>What the agent says of itself.</summary>
internal sealed class AgentRecord(AgentIdentity identity, EventPublisher publisher)
{
    internal void Started(IEnumerable<string> modules) =>
        Publish(AgentState.Types.State.Started, "", string.Join(',', modules));

    internal void Stopped() => Publish(AgentState.Types.State.Stopped, "", "");

    internal void Excluded(int pid) => Publish(AgentState.Types.State.Excluded, "", $"process {pid} ({NameOf(pid)})");

    // What is not captured because nobody asked for it must not look like silence.
    internal void Filtered(string filter) => Publish(AgentState.Types.State.Configured, "", $"captured is only what the filter allows: {filter}");

    internal void ClockStep(long nanoseconds) => Publish(
        AgentState.Types.State.ClockStep, "", string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e9:+0.000;-0.000} s"));

    internal void Publish(AgentState.Types.State state, string module, string detail) => publisher.PublishAgent(new Event
    {
        AgentState = new AgentState
        {
            State = state,
            Module = module,
            Detail = detail,
            Version = identity.Version,
            Kernel = identity.Kernel,
        },
    });

    private static string NameOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").TrimEnd('\n');
        }
        catch (IOException)
        {
            return "not running";
        }
    }
}
