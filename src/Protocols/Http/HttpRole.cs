namespace ECapture.Protocols.Http;

/// <summary>What the process that was captured is on its connection.</summary>
public enum HttpRole
{
    /// <summary>Not known yet: found out from the first message seen.</summary>
    Unknown = 0,

    /// <summary>It sends requests.</summary>
    Client = 1,

    /// <summary>It sends responses.</summary>
    Server = 2,
}
