using System.Globalization;
using System.Text;
using System.Text.Unicode;
using ECapture.Storage.Reading.Expressions;
using ECapture.Storage.Reading.Sql;
using ECapture.Storage.Tables;
using Npgsql;
using NpgsqlTypes;

namespace ECapture.Storage.Reading.Postgres;

/// <summary>PostgreSQL: parameters are <c>$1</c>; unsigned 64-bit numbers are their two's complement, times whole microseconds.</summary>
internal sealed class PostgresSqlText : SqlText
{
    private const int IndexedLength = 3; // trigrams

    private readonly List<NpgsqlParameter> _parameters = [];

    public IReadOnlyList<NpgsqlParameter> Parameters => _parameters;

    /// <summary>The statement with its values in it, for COPY, which takes no parameters. Texts and bytes are written in hexadecimal digits, so nothing of them is read as SQL.</summary>
    public string WithValues()
    {
        ReadOnlySpan<char> text = ToString(); // made of constants: a $ is a parameter
        var whole = new StringBuilder(text.Length);
        for (int next = text.IndexOf('$'); next >= 0; next = text.IndexOf('$'))
        {
            whole.Append(text[..next]);
            text = text[(next + 1)..];
            int digits = text.IndexOfAnyExceptInRange('0', '9');
            digits = digits < 0 ? text.Length : digits;
            NpgsqlParameter value = _parameters[int.Parse(text[..digits], CultureInfo.InvariantCulture) - 1];
            whole.Append(PostgresLiteral.Of(value.NpgsqlDbType, value.Value!));
            text = text[digits..];
        }

        return whole.Append(text).ToString();
    }

    public override string TimeColumn(string column) => column;

    public override string Topic(string topic) => "'" + topic.Replace("'", "''", StringComparison.Ordinal) + "'::text";

    public override string TimeFloor(long nanoseconds) => Microseconds(Math.DivRem(nanoseconds, 1000, out long rest) - (rest < 0 ? 1 : 0));

    public override string TimeCeiling(long nanoseconds) => Microseconds(Math.DivRem(nanoseconds, 1000, out long rest) + (rest > 0 ? 1 : 0));

    public override string Uuid(Guid value) => Add(NpgsqlDbType.Uuid, value);

    public override string Number(ulong value) => Add(NpgsqlDbType.Bigint, (long)value);

    public override string Signed(long value) => Add(NpgsqlDbType.Bigint, value);

    public override string AnyOf(string column, IReadOnlyCollection<ulong> values) =>
        $"{column} = ANY({Add(NpgsqlDbType.Array | NpgsqlDbType.Bigint, values.Select(v => (long)v).ToArray())})";

    public override string AnyOfTexts(string column, IReadOnlyCollection<string> values) =>
        $"{column} = ANY({Add(NpgsqlDbType.Array | NpgsqlDbType.Text, values.ToArray())})";

    public override string AnyOfNames(string column, IReadOnlyCollection<string> values) =>
        AnyOfBytes(column, [.. values.Select(Encoding.UTF8.GetBytes)]);

    public override string AnyOfBytes(string column, IReadOnlyCollection<byte[]> values) =>
        $"{column} = ANY({Add(NpgsqlDbType.Array | NpgsqlDbType.Bytea, values.ToArray())})";

    public override string Contains(string column, string text) =>
        $"position({Add(NpgsqlDbType.Bytea, Encoding.UTF8.GetBytes(text))} in {column}) > 0";

    public override string InRange(string column, AddressRange range)
    {
        // inet keeps the two families apart, so the bounds are taken out of their mapped form.
        bool mapped = range.First.IsIPv4MappedToIPv6 && range.Last.IsIPv4MappedToIPv6;
        return $"({column} >= {Add(NpgsqlDbType.Inet, mapped ? range.First.MapToIPv4() : range.First)}"
            + $" AND {column} <= {Add(NpgsqlDbType.Inet, mapped ? range.Last.MapToIPv4() : range.Last)})";
    }

    public override string KnownInRange(string column, AddressRange range) => $"({column} IS NOT NULL AND {InRange(column, range)})";

    public override string EqualsBytes(Column column, byte[] value)
    {
        if (column.PostgresType == "bytea")
        {
            return $"{column.Name} = {Add(NpgsqlDbType.Bytea, value)}";
        }

        // A column of text holds neither NUL nor what is no UTF-8.
        return Utf8.IsValid(value) && !value.Contains((byte)0) ? $"{column.Name} = {Add(NpgsqlDbType.Text, Encoding.UTF8.GetString(value))}" : "1 = 0";
    }

    public override string ContainsIgnoringCase(Column column, byte[] value) => PostgresPattern.BeginsPlainly(value[0])
        ? column.HasTextIndex && value.Length >= IndexedLength ? $"lower({Escaped(column)} COLLATE \"C\") LIKE {Add(NpgsqlDbType.Text, LikePattern(value))}" : $"position({Add(NpgsqlDbType.Text, PostgresPattern.Escape(value).ToLowerInvariant())} in lower({Escaped(column)} COLLATE \"C\")) > 0"
        : $"{Escaped(column)} ~ {Add(NpgsqlDbType.Text, PostgresPattern.RenderContains(value))}";

    public override string Matches(Column column, Pattern pattern) => $"{Escaped(column)} ~ {Add(NpgsqlDbType.Text, PostgresPattern.Render(pattern))}";

    public override string NameColumn(string column) => IsBulk ? column : $"convert_to({column}, 'UTF8')"; // COPY hands texts over as they are

    public override string Prefix(string column, int length) =>
        $"substring({column} from 1 for {length.ToString(CultureInfo.InvariantCulture)})";

    public override string Second(string column) => $"floor(extract(epoch from {column}))::bigint";

    public override string Milliseconds(string column) => $"floor(extract(epoch from {column}) * 1000)::bigint";

    public override string Hour(string column) => $"floor(extract(epoch from {column}) / 3600)::bigint";

    public override string Bucket(string column, long from, long width) =>
        $"((extract(epoch from {column}) * 1000000)::bigint * 1000 - {Signed(from)}) / {Signed(width)}";

    public override string ClockOffset(string wall, string boot) => $"(extract(epoch from {wall}) * 1000000)::bigint * 1000 - {boot}";

    // What the index of schemas/postgres/072_text.sql knows.
    private static string LikePattern(byte[] value) =>
        "%" + PostgresPattern.Escape(value).ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";

    private static string Escaped(Column column) =>
        column.PostgresType == "bytea" ? $"encode({column.Name}, 'escape')" : $"encode(convert_to({column.Name}, 'UTF8'), 'escape')";

    private string Microseconds(long microseconds)
    {
        // What DateTime cannot hold is before or after every row.
        const long first = -62_135_596_800_000_000;
        const long last = 253_402_300_799_999_999;
        DateTime time = DateTime.UnixEpoch.AddTicks(Math.Clamp(microseconds, first, last) * 10);
        return Add(NpgsqlDbType.TimestampTz, time);
    }

    private string Add(NpgsqlDbType type, object value)
    {
        _parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = value });
        return "$" + _parameters.Count.ToString(CultureInfo.InvariantCulture);
    }
}
