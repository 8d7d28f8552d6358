namespace ECapture.Terminal.Pcap;

/// <summary>How packets are held and files are cut.</summary>
internal sealed record PcapOptions
{
    /// <summary>How long every packet waits, so that late ones still come in the order of time and keys come first. Default 1 s.</summary>
    internal TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long packets wait for the keys of a session that began. Default 4 s.</summary>
    internal TimeSpan LongestHold { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Bytes of packets that wait; beyond them the oldest are written at once. Default 128 MiB.</summary>
    internal long MostHeldBytes { get; init; } = 128L << 20;

    /// <summary>A file that has this size is put aside; 0: never.</summary>
    internal long RotateBytes { get; init; }

    /// <summary>A file of this age is put aside; zero: never.</summary>
    internal TimeSpan RotateAfter { get; init; }
}
