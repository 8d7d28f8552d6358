namespace ECapture.Terminal;

/// <summary>What becomes of a terminal command's events. Members are called one at a time.</summary>
public interface IEventOutput : IDisposable
{
    /// <summary>Takes an event.</summary>
    /// <exception cref="IOException">It cannot be written; the command ends.</exception>
    void Write(in ReceivedEvent received);

    /// <summary>Passes time, about every 100 ms: what was held back may be due.</summary>
    /// <param name="nowNs">CLOCK_BOOTTIME now, nanoseconds.</param>
    /// <exception cref="IOException">What is due cannot be written; the command ends.</exception>
    void Tick(ulong nowNs);

    /// <summary>No event comes any more: writes what is open and makes files complete.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    void Complete();
}
