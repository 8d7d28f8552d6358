namespace ECapture.Storage.Tables;

/// <summary>Nanoseconds of the Unix epoch; PostgreSQL keeps microseconds, cut.</summary>
internal sealed class TimeColumn(string name, NumberColumn.Getter get) : Column(name, "DateTime64(9, 'UTC')", "timestamp with time zone")
{
    /// <summary>2000-01-01, where PostgreSQL's clock begins, in microseconds of the Unix epoch.</summary>
    internal const long PostgresEpoch = 946_684_800_000_000;

    internal override void AppendNative(in EventRow row, NativeColumn column) => column.Values.WriteLittleEndian(get(row), 8);

    internal override void AppendCopy(in EventRow row, ByteBuffer tuple) =>
        tuple.WriteCopyInteger((ulong)((long)(get(row) / 1000) - PostgresEpoch), 8);
}
