namespace ECapture.Protocols.Http.Streams;

/// <summary>What is searched for in the middle of a direction.</summary>
[Flags]
internal enum SearchKinds
{
    None = 0,
    Request = 1,
    Response = 2,
    Http2 = 4,

    /// <summary>HTTP/2 from its first byte, as the client starts it; found at the start only.</summary>
    Preface = 8,

    /// <summary>HTTP/2 from its first byte, as the server starts it; found at the start only.</summary>
    Settings = 16,
}
