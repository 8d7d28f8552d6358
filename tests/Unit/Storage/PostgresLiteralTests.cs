using ECapture.Storage.Reading.Postgres;

namespace ECapture.Tests.Unit.Storage;

public sealed class PostgresLiteralTests
{
    [Fact]
    public void WithValues_OfTextsThatLookLikeSql_HoldsTheirDigitsAlone()
    {
        var sql = new PostgresSqlText();
        string hosts = sql.AnyOfTexts("host", ["a'; DROP TABLE tls; --", "$1"]);
        sql.Append($"SELECT {sql.Number(7)} WHERE {hosts} AND flow = {sql.Number(ulong.MaxValue)}");

        string text = sql.WithValues();

        Assert.Equal(
            "SELECT (7)::bigint WHERE host = ANY(ARRAY[convert_from(decode('61273b2044524f50205441424c4520746c733b202d2d', 'hex'), 'UTF8'), convert_from(decode('2431', 'hex'), 'UTF8')]::text[])"
            + " AND flow = (-1)::bigint",
            text);
    }

    [Fact]
    public void WithValues_OfTimes_IsTheSameMicrosecond()
    {
        var sql = new PostgresSqlText();
        sql.Append($"SELECT {sql.TimeFloor(1_795_154_400_123_456_789)}");

        Assert.Equal("SELECT '2026-11-20 06:00:00.123456+00'::timestamptz", sql.WithValues());
    }
}
