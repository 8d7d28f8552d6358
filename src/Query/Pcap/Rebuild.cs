using ECapture.Query.Pcap.Earlier;
using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>What a file will hold: sessions and their secrets are found, packets are not read yet.</summary>
public sealed class Rebuild
{
    internal Rebuild(
        SessionSet set, Session[] matched, Session[] synthetic, IReadOnlyList<PacketSegment> plan, MemoryStream secretBlocks, SecretCounts secrets,
        EarlierHandshakes earlier, TimeRange? window)
    {
        Earlier = earlier;
        Set = set;
        Matched = matched;
        Synthetic = synthetic;
        Plan = plan;
        SecretBlocks = secretBlocks;
        SecretCounts = secrets;
        Sessions = matched.Union(synthetic).Count();
        SessionsWithoutSecrets = matched.Except(synthetic).Count(s => !s.HasSecrets);
        CutSessions = window is { } w ? matched.Count(s => s.From < w.From || s.End is null || s.End > w.To) : 0;
    }

    /// <summary>Sessions that the filter matched.</summary>
    public int Sessions { get; }

    /// <summary>Of them, those without any secret: not TLS, or not to be decrypted. All of them when secrets are left out. Synthetic ones need none.</summary>
    public int SessionsWithoutSecrets { get; }

    /// <summary>Of them, those that only plaintext was captured of: their packets are made of it.</summary>
    public int SyntheticSessions => Synthetic.Length;

    /// <summary>Of them, those that reach beyond the window that was asked for: their other packets are left out.</summary>
    public int CutSessions { get; }

    /// <summary>Key-log lines.</summary>
    public long Secrets => SecretCounts.Lines;

    /// <summary>What became of the secrets.</summary>
    public SecretCounts SecretCounts { get; }

    /// <summary>Connections that are older than the agent, of which the handshake is made.</summary>
    public int EarlierConnections => Earlier.Count;

    internal EarlierHandshakes Earlier { get; }

    internal SessionSet Set { get; }

    internal Session[] Matched { get; }

    internal Session[] Synthetic { get; }

    internal IReadOnlyList<PacketSegment> Plan { get; }

    /// <summary>Decryption Secrets Blocks, ready to be copied.</summary>
    internal MemoryStream SecretBlocks { get; }

    /// <summary>From the first to the last packet that may be wanted.</summary>
    internal TimeRange Range => new(Plan[0].Range.From, Plan[^1].Range.To);
}
