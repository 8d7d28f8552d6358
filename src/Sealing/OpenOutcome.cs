namespace ECapture.Sealing;

/// <summary>What became of an attempt to open a secret.</summary>
public enum OpenOutcome
{
    /// <summary>It is open.</summary>
    Opened,

    /// <summary>None of its recipients' private keys is here.</summary>
    NoKey,

    /// <summary>A private key is here, but the event was changed, or belongs to another run, host, label or client random.</summary>
    Damaged,
}
