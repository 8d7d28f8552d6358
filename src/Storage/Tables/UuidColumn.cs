using System.Buffers.Binary;

namespace ECapture.Storage.Tables;

/// <summary>16 bytes in network order; anything of another length is the nil UUID.</summary>
internal sealed class UuidColumn(string name, BytesColumn.Getter get) : Column(name, "UUID", "uuid")
{
    // Two words of 64 bits, the upper one first, each lowest byte first.
    internal override void AppendNative(in EventRow row, NativeColumn column)
    {
        ReadOnlySpan<byte> value = get(row);
        Span<byte> room = column.Values.Take(16);
        if (value.Length != 16)
        {
            room.Clear();
            return;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(room, BinaryPrimitives.ReadUInt64BigEndian(value));
        BinaryPrimitives.WriteUInt64LittleEndian(room[8..], BinaryPrimitives.ReadUInt64BigEndian(value[8..]));
    }

    internal override void AppendCopy(in EventRow row, ByteBuffer tuple)
    {
        ReadOnlySpan<byte> value = get(row);
        Span<byte> room = tuple.Take(20);
        BinaryPrimitives.WriteInt32BigEndian(room, 16);
        if (value.Length == 16)
        {
            value.CopyTo(room[4..]);
        }
        else
        {
            room[4..].Clear();
        }
    }
}
