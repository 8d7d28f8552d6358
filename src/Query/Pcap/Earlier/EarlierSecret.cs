using ECapture.Events.V1;

namespace ECapture.Query.Pcap.Earlier;

/// <summary>A secret of one direction of a connection that is older than the agent.</summary>
/// <param name="Host">Where it was captured.</param>
/// <param name="Flow">As that host sees it.</param>
/// <param name="ClientRandom">32 bytes.</param>
/// <param name="Secret">The secret.</param>
/// <param name="Position">Where the direction's records stand.</param>
internal sealed record EarlierSecret(string Host, Flow Flow, byte[] ClientRandom, byte[] Secret, RecordPosition Position);
