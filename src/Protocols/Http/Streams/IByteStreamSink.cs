namespace ECapture.Protocols.Http.Streams;

/// <summary>Takes one direction of a connection in order.</summary>
public interface IByteStreamSink
{
    /// <summary>The next bytes; they are only valid during the call.</summary>
    /// <param name="offset">Of the first byte in the direction.</param>
    /// <param name="bytes">At least one.</param>
    /// <param name="ns">When they were captured.</param>
    void OnBytes(long offset, ReadOnlySpan<byte> bytes, long ns);

    /// <summary>Bytes that were not captured.</summary>
    /// <param name="offset">Of the first of them.</param>
    /// <param name="length">At least 1.</param>
    /// <param name="ns">When that was noticed.</param>
    void OnGap(long offset, long length, long ns);

    /// <summary>Nothing will follow.</summary>
    void OnEnd(long ns);
}
