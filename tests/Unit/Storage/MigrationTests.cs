using ECapture.Storage;
using ECapture.Storage.Migrations;

namespace ECapture.Tests.Unit.Storage;

public sealed class MigrationTests
{
    private static readonly StoreAddress Address = StoreAddress.Parse("clickhouse://h/d");

    [Theory]
    [InlineData("clickhouse")]
    [InlineData("postgres")]
    public void Of_Store_NumbersRiseFromOne(string store)
    {
        IReadOnlyList<Migration> migrations = Migration.Of(store);

        Assert.NotEmpty(migrations);
        Assert.Equal(1, migrations[0].Version);
        Assert.Equal(migrations.Select(m => m.Version).Distinct().Order(), migrations.Select(m => m.Version));
        Assert.All(migrations, m => Assert.NotEmpty(m.Statements));
    }

    [Fact]
    public void Statements_OfClickHouse_MayAllRunAgain()
    {
        // There is no lock: two programs that start together run the same statements.
        Assert.All(
            Migration.Of("clickhouse").SelectMany(m => m.Statements),
            statement => Assert.Contains("IF NOT EXISTS", statement, StringComparison.Ordinal));
    }

    [Fact]
    public void Missing_StoreIsOlder_GivesTheRest()
    {
        Migration[] known = [new(1, "001_a", "A;\n"), new(2, "002_b", "B;\n")];

        Assert.Equal([known[1]], Migration.Missing(Address, known, [(1, known[0].Checksum)]));
    }

    [Fact]
    public void Missing_StoreIsNewer_Refuses()
    {
        Migration[] known = [new(1, "001_a", "A;\n")];

        StoreException e = Assert.Throws<StoreException>(() => Migration.Missing(Address, known, [(1, known[0].Checksum), (2, new string('0', 64))]));

        Assert.Contains("schema version 2, this program knows 1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_AppliedOneWasEdited_Refuses()
    {
        Migration[] known = [new(1, "001_a", "A;\n")];

        StoreException e = Assert.Throws<StoreException>(() => Migration.Missing(Address, known, [(1, new Migration(1, "001_a", "B;\n").Checksum)]));

        Assert.Contains("001_a", e.Message, StringComparison.Ordinal);
    }
}
