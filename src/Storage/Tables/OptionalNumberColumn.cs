namespace ECapture.Storage.Tables;

/// <summary>A number that may be unknown: null in both stores.</summary>
internal sealed class OptionalNumberColumn(string name, string clickHouseType, string postgresType, OptionalNumberColumn.Getter get)
    : Column(name, $"Nullable({clickHouseType})", postgresType, isNullable: true)
{
    private readonly int _nativeWidth = NumberColumn.NativeWidthOf(clickHouseType);
    private readonly int _copyWidth = NumberColumn.CopyWidthOf(postgresType);

    public delegate bool Getter(in EventRow row, out ulong value);

    internal override void AppendNative(in EventRow row, NativeColumn column)
    {
        bool isKnown = get(row, out ulong value);
        column.Nulls.WriteLittleEndian(isKnown ? 0u : 1u, 1);
        column.Values.WriteLittleEndian(isKnown ? value : 0, _nativeWidth);
    }

    internal override void AppendCopy(in EventRow row, ByteBuffer tuple)
    {
        if (get(row, out ulong value))
        {
            tuple.WriteCopyInteger(value, _copyWidth);
        }
        else
        {
            tuple.WriteCopyLength(-1);
        }
    }
}
