using ECapture.Log.Streams;
using ECapture.Policies;
using ECapture.Policies.Redaction;

namespace ECapture.Capture.Publishing;

/// <summary>A topic of this run: its stream, and what the policy says of its events.</summary>
internal sealed class PublishedTopic(EventStream stream, ModulePolicy policy)
{
    /// <summary>What was appended.</summary>
    internal EventStream Stream { get; } = stream;

    /// <summary>Most bytes of a payload.</summary>
    internal int Keep { get; } = policy.AgentKeep;

    /// <summary>What is overwritten in its events; null: nothing.</summary>
    internal Redactor? Redactor { get; } = Redactor.For(policy);

    /// <summary>Pieces of plaintext that wait for what follows; null without a redactor.</summary>
    internal TlsRedaction? Held { get; set; }
}
