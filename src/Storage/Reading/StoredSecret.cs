using ECapture.Events.V1;

namespace ECapture.Storage.Reading;

/// <summary>A row of the <c>secret</c> table.</summary>
/// <param name="Label">Label of the key log.</param>
/// <param name="ClientRandom">32 bytes.</param>
/// <param name="Secret">The secret; empty when it is sealed.</param>
/// <param name="Key">The flow; id 0 when unknown.</param>
/// <param name="Connection">0 when unknown.</param>
/// <param name="Time">Nanoseconds of the Unix epoch.</param>
public sealed record StoredSecret(string Label, byte[] ClientRandom, byte[] Secret, FlowKey Key, ulong Connection, long Time)
{
    /// <summary>The whole event of a sealed secret, as the agent made it; null when it is not sealed.</summary>
    public Event? Sealed { get; init; }

    /// <summary>The whole event of a secret of a connection that is older than the agent; null when its handshake was seen.</summary>
    public Event? Earlier { get; init; }
}
