using ECapture.Events;
using ECapture.Policies;

namespace ECapture.Sink;

/// <summary>
/// Cuts the payloads of one topic to what the policy lets the store keep (<c>sink.keep</c>). A cut event is another encoding, with its <c>Truncation</c>:
/// the same policy makes the same bytes of it whenever it is read again.
/// </summary>
internal sealed class StoredCut
{
    private readonly int _keep;
    private byte[] _buffer = new byte[4096];

    private StoredCut(int keep) => _keep = keep;

    /// <summary>What cuts the events of a topic; null when nothing does.</summary>
    public static StoredCut? For(Policy? policy, string topic) =>
        policy is not null && Topics.All.Contains(topic) && policy.For(topic) is { } module
        && (module.Sources["sink.keep"].IsFile || module.Sources["agent.keep"].IsFile)
            ? new StoredCut(module.SinkKeep)
            : null;

    /// <summary>The event as it is stored.</summary>
    /// <param name="encoded">As it was read from the log.</param>
    /// <param name="fields">Its fields; changed with it.</param>
    /// <returns>The same bytes, or others that are valid until the next call.</returns>
    public ReadOnlySpan<byte> Apply(ReadOnlySpan<byte> encoded, scoped ref EventFields fields)
    {
        if (fields.Payload.Main.Length <= _keep)
        {
            return encoded;
        }

        if (_buffer.Length < encoded.Length + EventCut.Room)
        {
            _buffer = new byte[Math.Max(encoded.Length + EventCut.Room, _buffer.Length * 2)];
        }

        ReadOnlySpan<byte> cut = _buffer.AsSpan(0, EventCut.Write(encoded, fields, _keep, _buffer));
        return EventReader.TryRead(cut, out fields)
            ? cut
            : throw new InvalidOperationException("an event that was cut is none any more");
    }
}
