using System.Globalization;
using ECapture.Sink.Delivery;
using ECapture.Storage.Tables;

namespace ECapture.Sink.ClickHouse;

/// <summary>The rows of one day (UTC) of an event table: one partition of the table.</summary>
internal sealed class DayBlock(EventTable table) : Block
{
    public NativeBlock Native { get; } = new(table);

    public StreamTally Tally { get; } = new();

    public override int Rows => Native.Rows;

    public override string Name => $"{Native.Table.Name}/{Partition}";

    /// <summary>Days since 1970-01-01.</summary>
    public int Day { get; set; }

    /// <summary>The partition as ClickHouse names it, yyyyMMdd.</summary>
    public string Partition => DateOnly.FromDayNumber(UnixEpochDay + Day).ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    private static int UnixEpochDay { get; } = new DateOnly(1970, 1, 1).DayNumber;
}
