using System.Buffers;
using ECapture.Storage.Reading;

namespace ECapture.Query.Formatting;

/// <summary>Writes events in one form. Not for use by several threads.</summary>
public interface IEventFormatter
{
    /// <summary>MIME type of the form.</summary>
    string ContentType { get; }

    /// <summary>What stands before the first event.</summary>
    void Begin(IBufferWriter<byte> output);

    /// <summary>One event.</summary>
    void Write(StoredEvent stored, IBufferWriter<byte> output);

    /// <summary>What stands after the last event.</summary>
    void End(IBufferWriter<byte> output);
}
