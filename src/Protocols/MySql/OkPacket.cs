namespace ECapture.Protocols.MySql;

/// <summary>What an OK packet says, also one that ends rows (MySQL internals, "OK_Packet").</summary>
/// <param name="Rows">Affected.</param>
/// <param name="Status">Server status flags.</param>
/// <param name="Database">The new default database; null: it did not change.</param>
internal readonly record struct OkPacket(ulong Rows, ushort Status, byte[]? Database)
{
    internal const ushort MoreResults = 0x0008;
    internal const ushort CursorExists = 0x0040;
    private const ushort SessionChanged = 0x4000;

    internal static OkPacket Parse(ReadOnlySpan<byte> payload, bool tracks)
    {
        ByteCursor cursor = new(payload);
        cursor.U8();
        ulong rows = cursor.Length();
        cursor.Length(); // last insert id
        ushort status = cursor.U16();
        cursor.U16(); // warnings
        byte[]? database = null;
        if (tracks && (status & SessionChanged) != 0)
        {
            cursor.Text(); // message
            database = Schema(cursor.Text());
        }

        return new OkPacket(rows, status, database);
    }

    private static byte[]? Schema(ReadOnlySpan<byte> changes)
    {
        const byte SchemaChange = 1;
        byte[]? found = null;
        ByteCursor cursor = new(changes);
        while (!cursor.IsAtEnd && !cursor.IsBroken)
        {
            byte type = cursor.U8();
            ByteCursor data = new(cursor.Text());
            if (type == SchemaChange)
            {
                ReadOnlySpan<byte> name = data.Text();
                found = data.IsBroken ? found : name.ToArray();
            }
        }

        return found;
    }
}
