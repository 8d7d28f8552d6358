using ECapture.Pcapng;
using ECapture.Query.Pcap.Synthetic;

namespace ECapture.Query.Pcap.Earlier;

/// <summary>The connections of a file that are older than the agent: collects what is known of them, and writes the handshakes that stand for theirs.</summary>
internal sealed class EarlierHandshakes
{
    private readonly List<EarlierSecret> _secrets = [];
    private MadeHandshake[] _made = [];

    /// <summary>Connections whose handshake is made.</summary>
    public int Count => _made.Length;

    /// <summary>Connections that had more records before than are made.</summary>
    public int TooLong { get; private set; }

    /// <summary>Adds a secret.</summary>
    public void Add(EarlierSecret secret) => _secrets.Add(secret);

    /// <summary>Makes them, and adds to the key log what they are protected with.</summary>
    public void Make(TlsKeyLog keyLog)
    {
        List<MadeHandshake> made = [];
        foreach (IGrouping<(string Host, string Random), EarlierSecret> connection in _secrets.GroupBy(s => (s.Host, Convert.ToHexString(s.ClientRandom))))
        {
            if (MadeHandshake.Of([.. connection], out bool isTooLong) is { } handshake)
            {
                made.Add(handshake);
                foreach ((string label, byte[] secret) in handshake.Secrets)
                {
                    keyLog.Add(label, handshake.ClientRandom, secret);
                }
            }

            TooLong += isTooLong ? 1 : 0;
        }

        _made = [.. made];
        _secrets.Clear();
    }

    /// <summary>Writes them before the packets.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="time">Time of the first packet.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Frames written.</returns>
    public async Task<long> WriteAsync(PcapngWriter writer, long time, CancellationToken cancellationToken)
    {
        long frames = 0;
        foreach (IGrouping<string, MadeHandshake> host in _made.GroupBy(m => m.Host, StringComparer.Ordinal))
        {
            int number = writer.WriteInterface(new PcapngInterface(
                SyntheticPackets.Interface, IpTcpFrame.LinkType, $"host {host.Key}: handshakes made for connections that are older than the agent"));
            foreach (MadeHandshake handshake in host)
            {
                frames += handshake.Write(writer, number, (ulong)time);
                await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        return frames;
    }
}
