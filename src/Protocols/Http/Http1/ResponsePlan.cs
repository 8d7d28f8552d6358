namespace ECapture.Protocols.Http.Http1;

/// <summary>What follows a response's header section.</summary>
internal enum ResponsePlan
{
    /// <summary>A body, framed by the header section.</summary>
    Body,

    /// <summary>Nothing: the answer to HEAD, 204, 304, 1xx (RFC 9112 section 6.3).</summary>
    NoBody,

    /// <summary>Nothing, and the connection speaks something else from here.</summary>
    Switch,
}
