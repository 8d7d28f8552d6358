using ECapture.Events;
using ECapture.Events.V1;

namespace ECapture.Terminal;

/// <summary>An event on its way to an output; valid during the call it is given to.</summary>
/// <param name="topic">Short topic name.</param>
/// <param name="encoded">The encoded event.</param>
/// <param name="fields">What stands where in it.</param>
public readonly ref struct ReceivedEvent(string topic, ReadOnlySpan<byte> encoded, ref readonly EventFields fields)
{
    private readonly ref readonly EventFields _fields = ref fields;

    /// <summary>Short topic name.</summary>
    public string Topic { get; } = topic;

    /// <summary>The encoded event.</summary>
    public ReadOnlySpan<byte> Encoded { get; } = encoded;

    /// <summary>What stands where in <see cref="Encoded"/>.</summary>
    public ref readonly EventFields Fields => ref _fields;

    /// <summary>Field number of the payload in <c>Event</c>.</summary>
    public uint Kind => Fields.Payload.Kind;

    /// <summary>Makes an object of it.</summary>
    public Event Parse() => Event.Parser.ParseFrom(Encoded);
}
