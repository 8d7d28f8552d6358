using ECapture.Capture.Modules.Postgres;

namespace ECapture.Tests.Unit.Capture.Postgres;

public sealed class ServerTitleTests
{
    [Theory]
    [InlineData("postgres: alice shop 10.0.0.7(41234) idle", "alice", "shop", "10.0.0.7")]
    [InlineData("postgres: alice shop [local] SELECT", "alice", "shop", "local")]
    [InlineData("postgres: alice shop fe80::1(5) idle in transaction", "alice", "shop", "fe80::1")]
    [InlineData("postgres: 15/main: alice shop [local] idle", "alice", "shop", "local")]
    [InlineData("postgres: a user shop [local] idle", "a user", "shop", "local")]
    [InlineData("postgres: walwriter ", "", "", "")]
    [InlineData("postgres: [local] idle", "", "", "")]
    [InlineData("postgres: ", "", "", "")]
    [InlineData("/usr/lib/postgresql/15/bin/postgres -D data", "", "", "")]
    [InlineData("", "", "", "")]
    public void Parse_Title_TellsUserDatabaseAndClient(string title, string user, string database, string client) =>
        Assert.Equal(new ServerTitle(user, database, client), ServerTitle.Parse(title));
}
