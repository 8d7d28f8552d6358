namespace ECapture.Query.Releases;

/// <summary>What became of a request for TLS secrets.</summary>
public enum ReleaseState
{
    /// <summary>Nobody has decided yet.</summary>
    Waiting,

    /// <summary>A second keyholder let it through; it was not used yet.</summary>
    Approved,

    /// <summary>A second keyholder refused it.</summary>
    Denied,

    /// <summary>It was used: a file was asked for with it.</summary>
    Used,

    /// <summary>Nobody decided, or nobody used it, in time.</summary>
    Expired,
}
