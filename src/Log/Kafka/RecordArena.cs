using Confluent.Kafka;

namespace ECapture.Log.Kafka;

/// <summary>Copies keys and values out of librdkafka into one buffer per delivery instead of two arrays per record.</summary>
internal sealed class RecordArena : IDeserializer<ReadOnlyMemory<byte>>
{
    private const int ChunkBytes = 2 << 20; // a delivery: 1 MiB, and the record that goes beyond it

    private byte[] _chunk = new byte[ChunkBytes];
    private int _used;

    /// <summary>Everything handed out so far may be overwritten.</summary>
    public void Clear() => _used = 0;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        if (data.IsEmpty)
        {
            return default;
        }

        if (data.Length > _chunk.Length - _used)
        {
            _chunk = new byte[Math.Max(ChunkBytes, data.Length)]; // records handed out keep the old one alive
            _used = 0;
        }

        Memory<byte> copy = _chunk.AsMemory(_used, data.Length);
        data.CopyTo(copy.Span);
        _used += data.Length;
        return copy;
    }
}
