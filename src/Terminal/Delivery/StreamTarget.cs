namespace ECapture.Terminal.Delivery;

/// <summary>A stream that is there for as long as the command: standard output. What was taken is written at once.</summary>
internal sealed class StreamTarget(Stream stream) : IRecordTarget
{
    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> record)
    {
        stream.Write(record);
        stream.Flush();
    }

    /// <inheritdoc/>
    public void Tick()
    {
        // Nothing is held back.
    }

    /// <inheritdoc/>
    public void Complete() => stream.Flush();

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();
}
