using System.Globalization;
using System.Net;
using ECapture.Storage.ClickHouse;
using ECapture.Storage.Reading.Expressions;
using ECapture.Storage.Reading.Sql;
using ECapture.Storage.Tables;

namespace ECapture.Storage.Reading.ClickHouse;

/// <summary>ClickHouse: parameters are <c>{p0:Type}</c>.</summary>
internal sealed class ClickHouseSqlText : SqlText
{
    private const int IndexedLength = 3; // of schemas/clickhouse/072_text.sql

    private readonly Dictionary<string, string> _parameters = [];

    public IReadOnlyDictionary<string, string> Parameters => _parameters;

    public override string TimeColumn(string column) => column;

    public override string Topic(string topic) => ClickHouseText.QuoteString(topic);

    public override string TimeFloor(long nanoseconds) =>
        $"fromUnixTimestamp64Nano({Add("Int64", nanoseconds.ToString(CultureInfo.InvariantCulture))}, 'UTC')";

    public override string TimeCeiling(long nanoseconds) => TimeFloor(nanoseconds);

    public override string Uuid(Guid value) => Add("UUID", value.ToString("D"));

    public override string Number(ulong value) => Add("UInt64", value.ToString(CultureInfo.InvariantCulture));

    public override string Signed(long value) => Add("Int64", value.ToString(CultureInfo.InvariantCulture));

    public override string AnyOf(string column, IReadOnlyCollection<ulong> values) => values.Count == 1
        ? $"{column} = {Number(values.First())}"
        : $"{column} IN {Add("Array(UInt64)", "[" + string.Join(',', values) + "]")}";

    public override string AnyOfTexts(string column, IReadOnlyCollection<string> values) => values.Count == 1
        ? $"{column} = {Add("String", values.First())}" // read in order needs an equality
        : $"{column} IN ({string.Join(", ", values.Select(v => Add("String", v)))})";

    public override string AnyOfNames(string column, IReadOnlyCollection<string> values) => AnyOfTexts(column, values);

    public override string AnyOfBytes(string column, IReadOnlyCollection<byte[]> values) =>
        $"{column} IN ({string.Join(", ", values.Select(Bytes))})";

    public override string Contains(string column, string text) => $"position({column}, {Add("String", text)}) > 0";

    public override string InRange(string column, AddressRange range)
    {
        string within = Between(column, range.First, range.Last);
        return range.SpansMapped ? $"({within} AND NOT {Between(column, AddressRange.FirstMapped, AddressRange.LastMapped)})" : within;
    }

    public override string KnownInRange(string column, AddressRange range) => $"({column} != toIPv6('::') AND {InRange(column, range)})";

    public override string EqualsBytes(Column column, byte[] value) => $"{column.Name} = {Bytes(value)}";

    // Only LIKE over exactly the indexed expression skips granules.
    public override string ContainsIgnoringCase(Column column, byte[] value) => column.HasTextIndex && value.Length >= IndexedLength
        ? $"lower({column.Name}) LIKE {Bytes(LikePattern(value))}"
        : $"positionCaseInsensitive({column.Name}, {Bytes(value)}) > 0";

    public override string Matches(Column column, Pattern pattern) => $"match({column.Name}, {Add("String", Re2Pattern.Render(pattern))})";

    public override string NameColumn(string column) => column;

    public override string Prefix(string column, int length) =>
        $"substring({column}, 1, {length.ToString(CultureInfo.InvariantCulture)})";

    public override string Second(string column) => $"toUnixTimestamp({column})";

    public override string Milliseconds(string column) => $"toUnixTimestamp64Milli({column})";

    public override string Hour(string column) => $"intDiv(toUnixTimestamp64Nano({column}), 3600000000000)";

    public override string Bucket(string column, long from, long width) => $"intDiv(toUnixTimestamp64Nano({column}) - {Signed(from)}, {Signed(width)})";

    public override string ClockOffset(string wall, string boot) => $"toUnixTimestamp64Nano({wall}) - toInt64({boot})";

    private string Between(string column, IPAddress first, IPAddress last) =>
        $"({column} >= {Add("IPv6", first.ToString())} AND {column} <= {Add("IPv6", last.ToString())})";

    private static byte[] LikePattern(byte[] value)
    {
        List<byte> pattern = [(byte)'%'];
        foreach (byte b in value)
        {
            if (b is (byte)'%' or (byte)'_' or (byte)'\\')
            {
                pattern.Add((byte)'\\');
            }

            pattern.Add(b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b);
        }

        return [.. pattern, (byte)'%'];
    }

    // Bytes have no text form.
    private string Bytes(byte[] value) => $"unhex({Add("String", Convert.ToHexStringLower(value))})";

    private string Add(string type, string value)
    {
        string name = "p" + _parameters.Count.ToString(CultureInfo.InvariantCulture);
        _parameters.Add(name, value);
        return $"{{{name}:{type}}}";
    }
}
