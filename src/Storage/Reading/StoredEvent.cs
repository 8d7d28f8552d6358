using ECapture.Events;
using ECapture.Events.V1;

namespace ECapture.Storage.Reading;

/// <summary>An event out of a store.</summary>
public sealed class StoredEvent
{
    private Event? _event;

    /// <summary>Creates the event.</summary>
    /// <param name="id">Its identity.</param>
    /// <param name="time">The store's time.</param>
    /// <param name="encoding">Its bytes.</param>
    public StoredEvent(EventId id, long time, byte[] encoding)
    {
        Id = id;
        Time = time;
        Encoding = encoding;
    }

    /// <summary>Its identity.</summary>
    public EventId Id { get; }

    /// <summary>The store's time in nanoseconds of the Unix epoch; PostgreSQL keeps whole microseconds.</summary>
    public long Time { get; }

    /// <summary>The event as it was appended to the log, byte for byte.</summary>
    public ReadOnlyMemory<byte> Encoding { get; }

    /// <summary>The event, parsed on first use.</summary>
    /// <exception cref="StoreException">The stored bytes are no event.</exception>
    public Event Event => _event ??= Parse();

    /// <summary>How a shell command or a process ended, when that is in the store.</summary>
    public StoredResult? Result { get; set; }

    /// <summary>Its place in the search.</summary>
    public EventCursor Cursor => new(Time, Id);

    private Event Parse()
    {
        try
        {
            return Event.Parser.ParseFrom(Encoding.Span);
        }
        catch (Google.Protobuf.InvalidProtocolBufferException e)
        {
            throw new StoreException($"the row of event {Id} holds no event; was the table written by another program?", isTransient: false, e);
        }
    }
}
