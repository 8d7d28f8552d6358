using ECapture.Events.V1;

namespace ECapture.Query.Pcap.Synthetic;

/// <summary>The two ends of a synthetic stream.</summary>
/// <param name="Client">Address and port of the end that opened it.</param>
/// <param name="Server">Address and port of the other.</param>
/// <param name="IsMadeUp">Nobody saw the socket.</param>
internal sealed record SyntheticEnds((byte[] Address, ushort Port) Client, (byte[] Address, ushort Port) Server, bool IsMadeUp)
{
    private const int FirstEphemeralPort = 49_152;
    private const int EphemeralPorts = 16_384;

    /// <summary>The ends of a flow; without one, made-up ones.</summary>
    /// <param name="flow">As the captured host sees it, or null.</param>
    /// <param name="isLocalClient">The captured host's end opened it.</param>
    /// <param name="number">Tells streams with made-up ends apart.</param>
    public static SyntheticEnds Of(Flow? flow, bool isLocalClient, int number)
    {
        if (flow is null || flow.LocalAddress.Length is not (4 or 16) || flow.RemoteAddress.Length != flow.LocalAddress.Length)
        {
            byte[] loopback = [127, 0, 0, 1];
            return new SyntheticEnds((loopback, (ushort)(FirstEphemeralPort + (number % EphemeralPorts))), (loopback, ServerPorts.Http), true);
        }

        (byte[], ushort) local = (flow.LocalAddress.ToByteArray(), (ushort)flow.LocalPort);
        (byte[], ushort) remote = (flow.RemoteAddress.ToByteArray(), (ushort)flow.RemotePort);
        return isLocalClient ? new SyntheticEnds(local, remote, false) : new SyntheticEnds(remote, local, false);
    }
}
