namespace ECapture.Protocols.Http;

/// <summary>What became of a body's codings.</summary>
public enum HttpBodyState
{
    /// <summary>There is no body.</summary>
    Empty = 0,

    /// <summary>It was sent without a coding, or decoding is switched off.</summary>
    Identity = 1,

    /// <summary>All codings were undone.</summary>
    Decoded = 2,

    /// <summary>A coding is not known here; the raw bytes are kept.</summary>
    UnsupportedCoding = 3,

    /// <summary>The bytes are not what the coding says; the raw bytes are kept.</summary>
    Undecodable = 4,
}
