namespace ECapture.Storage.Tables;

/// <summary>Bytes as they are: String and bytea.</summary>
internal sealed class BytesColumn(string name, string clickHouseType, BytesColumn.Getter get) : Column(name, clickHouseType, "bytea")
{
    public delegate ReadOnlySpan<byte> Getter(in EventRow row);

    internal override void AppendNative(in EventRow row, NativeColumn column)
    {
        ReadOnlySpan<byte> value = get(row);
        column.Values.WriteVarint((uint)value.Length);
        column.Values.Write(value);
    }

    internal override void AppendCopy(in EventRow row, ByteBuffer tuple)
    {
        ReadOnlySpan<byte> value = get(row);
        tuple.WriteCopyLength(value.Length);
        tuple.Write(value);
    }
}
