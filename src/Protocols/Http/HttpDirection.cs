namespace ECapture.Protocols.Http;

/// <summary>Which way bytes went, as seen by the process they were captured in.</summary>
public enum HttpDirection
{
    /// <summary>The process wrote them.</summary>
    Sent = 0,

    /// <summary>The process read them.</summary>
    Received = 1,
}
