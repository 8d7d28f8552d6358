namespace ECapture.Capture.Bpf;

/// <summary>Receives the records of one ring, on the reader's thread.</summary>
public interface IRecordHandler
{
    /// <summary>Called for each record; the bytes are the kernel's and valid only during the call.</summary>
    void OnRecord(ReadOnlySpan<byte> record);

    /// <summary>Called for each record that is taken out of the ring without being read, as there is no time left for it.</summary>
    void OnUnread(ReadOnlySpan<byte> record)
    {
    }
}
