using System.Buffers.Binary;
using ECapture.Sink.Delivery;
using ECapture.Storage;

namespace ECapture.Sink.ClickHouse;

/// <summary>Stream positions as bytes: run (16, network order), partition (2), sequence (8), seen at (8), lowest byte first.</summary>
internal static class StreamCodec
{
    private const int Size = 34;

    public static byte[] Encode(IReadOnlyList<StreamPosition> positions)
    {
        byte[] bytes = new byte[positions.Count * Size];
        for (int i = 0; i < positions.Count; i++)
        {
            Span<byte> entry = bytes.AsSpan(i * Size, Size);
            BinaryPrimitives.WriteUInt128BigEndian(entry, positions[i].Stream.Run);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[16..], (ushort)positions[i].Stream.Partition);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[18..], positions[i].Sequence);
            BinaryPrimitives.WriteInt64LittleEndian(entry[26..], positions[i].SeenAt);
        }

        return bytes;
    }

    /// <exception cref="StoreException">They are no positions.</exception>
    public static StreamPosition[] Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % Size != 0)
        {
            throw new StoreException($"sink_plan holds stream positions of {bytes.Length} bytes, which is no multiple of {Size}: it was changed by somebody else", isTransient: false);
        }

        StreamPosition[] positions = new StreamPosition[bytes.Length / Size];
        for (int i = 0; i < positions.Length; i++)
        {
            ReadOnlySpan<byte> entry = bytes.Slice(i * Size, Size);
            positions[i] = new StreamPosition(
                new StreamKey(BinaryPrimitives.ReadUInt128BigEndian(entry), BinaryPrimitives.ReadUInt16LittleEndian(entry[16..])),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[18..]),
                BinaryPrimitives.ReadInt64LittleEndian(entry[26..]));
        }

        return positions;
    }
}
