namespace ECapture.Query.Keys;

/// <summary>What became of the attempt to open a stored secret.</summary>
public enum KeyUseState
{
    /// <summary>It is not sealed: whoever reads the store has it.</summary>
    Open,

    /// <summary>A private key that is here opens it.</summary>
    Opens,

    /// <summary>None of its recipients' private keys is here.</summary>
    NoKey,

    /// <summary>A private key is here and does not open it.</summary>
    Damaged,
}
