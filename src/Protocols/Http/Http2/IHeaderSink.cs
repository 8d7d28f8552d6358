namespace ECapture.Protocols.Http.Http2;

/// <summary>Takes the fields of a header block in order.</summary>
public interface IHeaderSink
{
    /// <summary>A field.</summary>
    /// <param name="name">Valid during the call; empty when unknown.</param>
    /// <param name="value">Valid during the call; empty when unknown.</param>
    /// <param name="flags">What is special about it.</param>
    void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, HttpHeaderFlags flags);
}
