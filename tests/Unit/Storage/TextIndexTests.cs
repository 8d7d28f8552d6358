using ECapture.Events;
using ECapture.Storage.Migrations;
using ECapture.Storage.Reading.ClickHouse;
using ECapture.Storage.Reading.Postgres;
using ECapture.Storage.Tables;

namespace ECapture.Tests.Unit.Storage;

/// <summary>An index is used by the one expression that it is made of: what is asked and what the migrations make must be the same.</summary>
public sealed class TextIndexTests
{
    private static readonly string[] s_indexed = [Topics.Bash, Topics.Zsh, Topics.Postgres, Topics.Mysqld];

    [Fact]
    public void HasTextIndex_Tables_AreThoseOfTheMigrations()
    {
        Assert.Equal(s_indexed, EventTable.All.Where(t => t.Columns.Any(c => c.HasTextIndex)).Select(t => t.Name));
        string clickHouse = Migration.Of("clickhouse").Single(m => m.Version == 72).Sql;
        string postgres = Migration.Of("postgres").Single(m => m.Version == 72).Sql;
        Assert.All(s_indexed, name => Assert.Contains($"ALTER TABLE `{name}` ADD INDEX IF NOT EXISTS text_index lower(data) TYPE ngrambf_v1(3,", clickHouse, StringComparison.Ordinal));
        Assert.All(s_indexed, name => Assert.Contains($"'{name}'", postgres, StringComparison.Ordinal));
        Assert.Contains("gin (lower(encode(data, ''escape'') COLLATE \"C\") gin_trgm_ops)", postgres, StringComparison.Ordinal);
    }

    [Fact]
    public void Contains_IndexedColumn_AsksForTheIndexedExpression()
    {
        ClickHouseSqlText clickHouse = new();
        PostgresSqlText postgres = new();

        Assert.Equal("lower(data) LIKE unhex({p0:String})", clickHouse.ContainsIgnoringCase(Data(Topics.Bash), "Nee%_\\"u8.ToArray()));
        Assert.Equal(Convert.ToHexStringLower("%nee\\%\\_\\\\%"u8), clickHouse.Parameters["p0"]);
        Assert.Equal("lower(encode(data, 'escape') COLLATE \"C\") LIKE $1", postgres.ContainsIgnoringCase(Data(Topics.Mysqld), "Nee%_\\"u8.ToArray()));
        Assert.Equal("%nee\\%\\_\\\\\\\\%", postgres.Parameters[0].Value); // a backslash is two in what is indexed
    }

    [Theory]
    [InlineData(Topics.Bash, "ab")] // shorter than what is indexed
    [InlineData(Topics.Tls, "needle")]
    public void Contains_NotIndexed_ReadsTheRows(string topic, string text)
    {
        byte[] value = System.Text.Encoding.UTF8.GetBytes(text);

        Assert.StartsWith("positionCaseInsensitive(data,", new ClickHouseSqlText().ContainsIgnoringCase(Data(topic), value), StringComparison.Ordinal);
        Assert.StartsWith("position(", new PostgresSqlText().ContainsIgnoringCase(Data(topic), value), StringComparison.Ordinal);
    }

    private static Column Data(string topic) => EventTable.Of(topic)!.Columns.Single(c => c.Name == "data");
}
