using System.Globalization;
using System.Net;
using System.Text;
using NpgsqlTypes;

namespace ECapture.Storage.Reading.Postgres;

/// <summary>Values as constants of SQL.</summary>
internal static class PostgresLiteral
{
    /// <summary>The constant. Of texts and bytes only hexadecimal digits get into it.</summary>
    public static string Of(NpgsqlDbType type, object value) => (type, value) switch
    {
        (NpgsqlDbType.Bigint, long number) => $"({number.ToString(CultureInfo.InvariantCulture)})::bigint",
        (NpgsqlDbType.TimestampTz, DateTime time) => $"'{time.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}+00'::timestamptz",
        (NpgsqlDbType.Uuid, Guid id) => $"'{id:D}'::uuid",
        (NpgsqlDbType.Inet, IPAddress address) => $"'{address}'::inet",
        (NpgsqlDbType.Bytea, byte[] bytes) => $"decode('{Convert.ToHexStringLower(bytes)}', 'hex')",
        (NpgsqlDbType.Text, string text) => $"convert_from(decode('{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text))}', 'hex'), 'UTF8')",
        (NpgsqlDbType.Array | NpgsqlDbType.Bigint, long[] numbers) => $"'{{{string.Join(',', numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)))}}}'::bigint[]",
        (NpgsqlDbType.Array | NpgsqlDbType.Text, string[] texts) => $"ARRAY[{string.Join(", ", texts.Select(t => Of(NpgsqlDbType.Text, t)))}]::text[]",
        (NpgsqlDbType.Array | NpgsqlDbType.Bytea, byte[][] values) => $"ARRAY[{string.Join(", ", values.Select(v => Of(NpgsqlDbType.Bytea, v)))}]::bytea[]",
        _ => throw new ArgumentOutOfRangeException(nameof(value), $"no constant of type {type}"),
    };
}
