namespace ECapture.Tests.Support.Network;

/// <summary>What a link of a <see cref="TcpProxy"/> does.</summary>
public enum LinkState
{
    /// <summary>Bytes pass.</summary>
    Open,

    /// <summary>Connections are reset, new ones too.</summary>
    Cut,

    /// <summary>Connections stay, nothing passes: a black hole. What was sent arrives when the link is open again.</summary>
    Stalled,

    /// <summary>Every piece of data is late.</summary>
    Slow,
}
