namespace ECapture.Storage.Tables;

/// <summary>An unsigned number. In PostgreSQL one of 64 bits is stored as its two's complement, smaller ones in a wider type.</summary>
internal sealed class NumberColumn(string name, string clickHouseType, string postgresType, NumberColumn.Getter get)
    : Column(name, clickHouseType, postgresType)
{
    private readonly int _nativeWidth = NativeWidthOf(clickHouseType);
    private readonly int _copyWidth = CopyWidthOf(postgresType);

    public delegate ulong Getter(in EventRow row);

    internal override void AppendNative(in EventRow row, NativeColumn column) => column.Values.WriteLittleEndian(get(row), _nativeWidth);

    internal override void AppendCopy(in EventRow row, ByteBuffer tuple) => tuple.WriteCopyInteger(get(row), _copyWidth);

    public static int NativeWidthOf(string clickHouseType) => clickHouseType switch
    {
        "UInt8" => 1,
        "UInt16" => 2,
        "UInt32" or "Int32" => 4,
        "UInt64" => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(clickHouseType), clickHouseType, "no integer type of the tables"),
    };

    public static int CopyWidthOf(string postgresType) => postgresType switch
    {
        "smallint" => 2,
        "integer" => 4,
        "bigint" => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(postgresType), postgresType, "no integer type of the tables"),
    };
}
