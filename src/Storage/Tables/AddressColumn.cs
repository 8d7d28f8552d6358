using System.Buffers.Binary;

namespace ECapture.Storage.Tables;

/// <summary>
/// An IP address, 4 or 16 bytes in network order; any other length and all zeros of IPv6 are unknown. ClickHouse: IPv6, IPv4 mapped, <c>::</c>
/// when unknown. PostgreSQL: inet, IPv4 as IPv4, null when unknown.
/// </summary>
internal sealed class AddressColumn(string name, BytesColumn.Getter get) : Column(name, "IPv6", "inet", isNullable: true)
{
    private const byte FamilyIPv4 = 2; // PGSQL_AF_INET
    private const byte FamilyIPv6 = 3; // PGSQL_AF_INET6

    private static ReadOnlySpan<byte> MappedPrefix => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF];

    internal override void AppendNative(in EventRow row, NativeColumn column)
    {
        ReadOnlySpan<byte> value = get(row);
        Span<byte> room = column.Values.Take(16);
        if (value.Length == 4)
        {
            MappedPrefix.CopyTo(room);
            value.CopyTo(room[12..]);
        }
        else if (value.Length == 16)
        {
            value.CopyTo(room);
        }
        else
        {
            room.Clear();
        }
    }

    // Length of the value, family, bits of the mask, is it a network, length of the address, address.
    internal override void AppendCopy(in EventRow row, ByteBuffer tuple)
    {
        ReadOnlySpan<byte> value = get(row);
        if (value.Length == 16 && value.StartsWith(MappedPrefix))
        {
            value = value[12..];
        }

        if (value.Length is not (4 or 16) || (value.Length == 16 && !value.ContainsAnyExcept((byte)0)))
        {
            tuple.WriteCopyLength(-1);
            return;
        }

        Span<byte> room = tuple.Take(4 + 4 + value.Length);
        BinaryPrimitives.WriteInt32BigEndian(room, 4 + value.Length);
        room[4] = value.Length == 4 ? FamilyIPv4 : FamilyIPv6;
        room[5] = (byte)(value.Length * 8);
        room[6] = 0;
        room[7] = (byte)value.Length;
        value.CopyTo(room[8..]);
    }
}
