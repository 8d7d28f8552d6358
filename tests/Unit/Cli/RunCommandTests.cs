using ECapture.Cli.Commands;

namespace ECapture.Tests.Unit.Cli;

public sealed class RunCommandTests
{
    [Theory]
    [InlineData("sqlite:log", "sqlite:{0}/log")]
    [InlineData("chdb:./store", "chdb:{0}/store")]
    [InlineData("chdb:/srv/store", "chdb:/srv/store")]
    [InlineData("chdb:store?a=../b", "chdb:{0}/store?a=../b")]
    [InlineData("kafka://k1:9092/../x", "kafka://k1:9092/../x")]
    [InlineData("postgres://u@h/d", "postgres://u@h/d")]
    public void Absolute_AddressOfADirectory_IsSeenFromTheRoot(string given, string expected) =>
        Assert.Equal(expected.Replace("{0}", Environment.CurrentDirectory, StringComparison.Ordinal), RunCommand.Absolute(given));
}
