namespace ECapture.Protocols.Http;

/// <summary>Why a message or exchange is not what was on the wire, or was not sound on the wire.</summary>
[Flags]
public enum HttpProblems
{
    /// <summary>Nothing to say.</summary>
    None = 0,

    /// <summary>No request was seen for the response.</summary>
    RequestMissing = 1 << 0,

    /// <summary>No response was seen for the request.</summary>
    ResponseMissing = 1 << 1,

    /// <summary>The end of a message was not seen.</summary>
    Unfinished = 1 << 2,

    /// <summary>The start of a message was not seen: the capture began, or resumed, within it.</summary>
    StartMissing = 1 << 3,

    /// <summary>Bytes within a message were not captured.</summary>
    Gap = 1 << 4,

    /// <summary>The stream was reset (RFC 9113 section 6.4).</summary>
    Reset = 1 << 5,

    /// <summary>The peer went away before it processed the stream (RFC 9113 section 6.8).</summary>
    GoAway = 1 << 6,

    /// <summary>Given up because more exchanges were unfinished than <see cref="HttpLimits.MaxPendingExchanges"/>.</summary>
    Evicted = 1 << 7,

    /// <summary>Messages were lost while requests were pipelined: request and response may not belong together.</summary>
    PairingUncertain = 1 << 8,

    /// <summary>A field refers to an HPACK table entry that was not captured (RFC 7541 section 2.3.2).</summary>
    HeadersUnknown = 1 << 9,

    /// <summary>A header block could not be decoded (RFC 7541 section 3).</summary>
    HeadersUndecodable = 1 << 10,

    /// <summary>Header fields, or the ends of long lines, were not kept because of <see cref="HttpLimits"/>.</summary>
    HeadersCut = 1 << 11,

    /// <summary>The end of the body was not kept because of <see cref="HttpLimits"/>.</summary>
    BodyCut = 1 << 12,

    /// <summary>A line, frame or field breaks the protocol's syntax.</summary>
    Malformed = 1 << 13,

    /// <summary>The body's length is given more than once, differently, or by both ways (RFC 9112 section 6.3): a smuggling risk.</summary>
    ConflictingLength = 1 << 14,

    /// <summary>The body is not as long as its Content-Length says (RFC 9113 section 8.1.1).</summary>
    LengthMismatch = 1 << 15,

    /// <summary>The body's content coding could not be undone; its raw bytes are kept.</summary>
    BodyUndecodable = 1 << 16,

    /// <summary>The problems that mean: not every byte of both messages was seen and joined.</summary>
    Incomplete = RequestMissing | ResponseMissing | Unfinished | StartMissing | Gap | Reset | GoAway | Evicted | PairingUncertain
        | HeadersUnknown | HeadersUndecodable,
}
