using ECapture.Events.V1;

namespace ECapture.Capture.Publishing;

/// <summary>Takes the events of the modules on the capture thread, encodes them and appends them to the local log in batches.</summary>
public interface IEventPublisher
{
    /// <summary>Publishes an event whose payload is set; its envelope is filled in from <paramref name="header"/>.</summary>
    /// <param name="topic">Short name, see <see cref="Events.Topics"/>.</param>
    /// <param name="header">Time, process, connection.</param>
    /// <param name="payload">An event with only its payload set. Not used after the call.</param>
    void Publish(string topic, in EventHeader header, Event payload);

    /// <summary>Publishes TLS plaintext without making objects.</summary>
    void PublishTlsData(
        string topic, in EventHeader header, Direction direction, string library, ulong offset, ReadOnlySpan<byte> data);

    /// <summary>Publishes a frame without making objects.</summary>
    void PublishPacket(
        in EventHeader header, Direction direction, string @interface, uint interfaceIndex, uint linkType, uint originalLength,
        ReadOnlySpan<byte> data);
}
