using ECapture.Storage;

namespace ECapture.Tests.Unit.Storage;

public sealed class StoreAddressTests
{
    [Theory]
    [InlineData("clickhouse://probe@ch1:9123/audit", StoreKind.ClickHouse, "ch1", 9123, "probe", "audit", false)]
    [InlineData("clickhouse://ch1", StoreKind.ClickHouse, "ch1", 8123, "default", "ecapture", false)]
    [InlineData("clickhouses://[::1]/db", StoreKind.ClickHouse, "::1", 8443, "default", "db", true)]
    [InlineData("postgres://me@db.example:5433/audit?sslmode=require", StoreKind.Postgres, "db.example", 5433, "me", "audit", false)]
    [InlineData("postgres://me@/audit?host=/run/postgresql", StoreKind.Postgres, "/run/postgresql", 5432, "me", "audit", false)]
    [InlineData("postgres://a%40b@h/x", StoreKind.Postgres, "h", 5432, "a@b", "x", false)]
    public void Parse_Valid_GivesItsParts(string text, StoreKind kind, string host, int port, string user, string database, bool isTls)
    {
        StoreAddress address = StoreAddress.Parse(text);

        Assert.Equal((kind, host, port, user, database, isTls), (address.Kind, address.Host, address.Port, address.User, address.Database, address.IsTls));
        Assert.Equal(text, address.ToString());
    }

    [Fact]
    public void Parse_InProcess_GivesAbsoluteDirectory()
    {
        StoreAddress address = StoreAddress.Parse("chdb:data/store");

        Assert.Equal(StoreKind.ClickHouseInProcess, address.Kind);
        Assert.Equal(Path.GetFullPath("data/store"), address.Directory);
    }

    [Theory]
    [InlineData("clickhose://h/d", "perhaps 'clickhouse:'")]
    [InlineData("/var/lib/x", "one of")]
    [InlineData("chdb:", "directory")]
    [InlineData("chdb://x", "directory")]
    [InlineData("clickhouse:///d", "names no host")]
    [InlineData("clickhouse://h:0/d", "no port")]
    [InlineData("clickhouse://h:70000/d", "no port")]
    [InlineData("clickhouse://[::1/d", "lacks its ']'")]
    [InlineData("clickhouse://h/d?timout=3", "perhaps 'timeout='")]
    [InlineData("clickhouse://h/d?timeout=0", "from 1 to 86400")]
    [InlineData("clickhouse://h/d?timeout=1&timeout=2", "given twice")]
    [InlineData("clickhouse://h/d?password-file=", "needs a value")]
    [InlineData("postgres://u@h/d?host=/run", "Unix socket")]
    public void Parse_Invalid_SaysWhy(string text, string reason)
    {
        FormatException e = Assert.Throws<FormatException>(() => StoreAddress.Parse(text));

        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("postgres://u:hunter2@h/d")]
    [InlineData("clickhouse://u:hunter2@h:8123/d?timeout=1")]
    [InlineData("clickhose://u:hunter2@h/d")]
    public void Parse_PasswordInAddress_RefusesWithoutRepeatingIt(string text)
    {
        FormatException e = Assert.Throws<FormatException>(() => StoreAddress.Parse(text));

        Assert.DoesNotContain("hunter2", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadPassword_FromFile_TakesItsFirstLine()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "s3cret\nsecond line\n");

            Assert.Equal("s3cret", StoreAddress.Parse($"clickhouse://h/d?password-file={file}").ReadPassword());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void ReadPassword_FileIsMissing_NamesIt()
    {
        StoreException e = Assert.Throws<StoreException>(() => StoreAddress.Parse("clickhouse://h/d?password-file=/nowhere/pw").ReadPassword());

        Assert.Contains("/nowhere/pw", e.Message, StringComparison.Ordinal);
        Assert.False(e.IsTransient);
    }
}
