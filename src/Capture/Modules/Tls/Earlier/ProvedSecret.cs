using ECapture.Protocols.Tls;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>A secret of a connection that is older than the agent: a captured record was made with it.</summary>
/// <param name="Label">Label of the key log.</param>
/// <param name="ClientRandom">32 bytes.</param>
/// <param name="ServerRandom">32 bytes of TLS 1.2; else empty.</param>
/// <param name="Secret">The secret.</param>
/// <param name="Suite">How the records are protected.</param>
/// <param name="IsSent">The process sent the record.</param>
/// <param name="IsClients">The client made it.</param>
/// <param name="Number">Sequence number of the record at <paramref name="Start"/>.</param>
/// <param name="Start">TCP sequence number.</param>
internal sealed record ProvedSecret(
    string Label, byte[] ClientRandom, byte[] ServerRandom, byte[] Secret, RecordSuite Suite, bool IsSent, bool IsClients, ulong Number, uint Start)
{
    /// <summary>The client random is not the connection's, which its process has forgotten: it was made, one for both directions.</summary>
    internal bool IsRandomMade { get; init; }
}
