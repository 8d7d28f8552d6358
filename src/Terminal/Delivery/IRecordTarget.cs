namespace ECapture.Terminal.Delivery;

/// <summary>Where records go: a terminal, a file, a receiver. Members are called one at a time.</summary>
internal interface IRecordTarget : IDisposable
{
    /// <summary>Takes a whole record.</summary>
    /// <exception cref="IOException">It cannot be written and never will be.</exception>
    void Write(ReadOnlySpan<byte> record);

    /// <summary>Passes time, about every 100 ms.</summary>
    void Tick();

    /// <summary>No record comes any more.</summary>
    void Complete();
}
