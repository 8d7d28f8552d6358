using System.Buffers.Binary;
using ECapture.Events;

namespace ECapture.Storage.Tables;

/// <summary>The event's encoding without its main bytes, which are a column of their own.</summary>
internal sealed class RestColumn(string name) : Column(name, "String", "bytea")
{
    internal override void AppendNative(in EventRow row, NativeColumn column)
    {
        ByteRange main = row.Fields.Payload.Main;
        column.Values.WriteVarint((uint)(row.Bytes.Length - main.Length));
        Write(row, column.Values);
    }

    internal override void AppendCopy(in EventRow row, ByteBuffer tuple)
    {
        ByteRange main = row.Fields.Payload.Main;
        BinaryPrimitives.WriteInt32BigEndian(tuple.Take(4), row.Bytes.Length - main.Length);
        Write(row, tuple);
    }

    private static void Write(in EventRow row, ByteBuffer buffer)
    {
        ByteRange main = row.Fields.Payload.Main;
        buffer.Write(row.Bytes[..main.Start]);
        buffer.Write(row.Bytes[(main.Start + main.Length)..]);
    }
}
