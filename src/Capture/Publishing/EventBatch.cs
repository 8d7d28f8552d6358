using System.Buffers.Binary;
using System.Security.Cryptography;
using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Streams;

namespace ECapture.Capture.Publishing;

/// <summary>
/// Encoded events on their way to the log, in one buffer. Each lies as key, room for a digest, room for prefix and sequence, rest:
/// what is known only at the append is written in front of what was encoded before, and nothing is copied.
/// </summary>
internal sealed class EventBatch(int capacity) : IDisposable
{
    private const int KeySize = 8;
    private const int DigestSize = SHA256.HashSizeInBytes;

    private readonly List<Entry> _entries = [];
    private readonly List<LogEntry> _log = [];
    private readonly BatchPages _buffer = new(capacity);

    /// <summary>Bytes used.</summary>
    internal int Length { get; private set; }

    /// <summary>Bytes there are.</summary>
    internal int Capacity { get; } = capacity;

    /// <summary>Events.</summary>
    internal int Count => _entries.Count;

    /// <summary>Losses that this batch declares: they count again when it is refused.</summary>
    internal List<LossEntry> Declared { get; } = [];

    /// <summary>Set when somebody waits for the batch.</summary>
    internal TaskCompletionSource? Done { get; set; }

    /// <summary>Bytes an event takes in a batch.</summary>
    internal static int SizeOf(EventStream stream, int rest) =>
        KeySize + DigestSize + stream.Prefix.Length + EventEncoder.SequenceRoom + rest;

    /// <summary>Makes room for the rest of an event and returns it.</summary>
    internal Span<byte> Add(EventStream stream, ulong key, int rest)
    {
        int restAt = Length + SizeOf(stream, 0);
        BinaryPrimitives.WriteUInt64BigEndian(_buffer.GetSpan()[Length..], key);
        _entries.Add(new Entry(stream, Length, restAt, rest));
        Length = restAt + rest;
        return _buffer.GetSpan().Slice(restAt, rest);
    }

    /// <summary>Lends sequences to the events.</summary>
    /// <returns>What to append; valid until <see cref="Clear"/>.</returns>
    internal IReadOnlyList<LogEntry> Number(IEnumerable<EventStream> streams)
    {
        foreach (EventStream stream in streams)
        {
            stream.TakeBack();
        }

        _log.Clear();
        ReadOnlyMemory<byte> memory = _buffer.Memory;
        for (int i = 0; i < _entries.Count; i++)
        {
            Entry entry = _entries[i];
            int roomAt = entry.KeyAt + KeySize + DigestSize;
            int head = EventEncoder.WriteSequence(_buffer.GetSpan()[roomAt..entry.RestAt], entry.Stream.Prefix, entry.Stream.Lend());
            _log.Add(new LogEntry(
                entry.Stream.Target, memory.Slice(entry.KeyAt, KeySize), memory.Slice(entry.RestAt - head, head + entry.Rest)));
        }

        return _log;
    }

    /// <summary>The log took the batch.</summary>
    internal void Appended()
    {
        for (int i = 0; i < _entries.Count; i++)
        {
            int length = _log[i].Value.Length;
            int end = _entries[i].RestAt + _entries[i].Rest;
            _entries[i].Stream.Append(_buffer.GetSpan().Slice(end - length - DigestSize, DigestSize + length));
        }
    }

    /// <summary>Makes the batch empty.</summary>
    internal void Clear()
    {
        _entries.Clear();
        _log.Clear();
        Declared.Clear();
        Done = null;
        Length = 0;
    }

    /// <summary>Gives its memory back.</summary>
    public void Dispose() => ((IDisposable)_buffer).Dispose();

    private readonly record struct Entry(EventStream Stream, int KeyAt, int RestAt, int Rest);
}
