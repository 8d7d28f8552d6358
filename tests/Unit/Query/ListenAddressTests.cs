using System.Net;
using ECapture.Query.Api;

namespace ECapture.Tests.Unit.Querying;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8080", "127.0.0.1:8080")]
    [InlineData("http://localhost:1", "127.0.0.1:1")]
    [InlineData("http://[::1]:0", "[::1]:0")]
    public void Parse_Loopback_IsTaken(string text, string expected) =>
        Assert.Equal(IPEndPoint.Parse(expected), ListenAddress.Parse(text, allowInsecure: false));

    [Theory]
    [InlineData("http://0.0.0.0:8080")]
    [InlineData("http://[::]:8080")]
    [InlineData("http://192.168.1.1:8080")]
    public void Parse_OtherMachinesCanReachIt_IsRefusedUnlessAllowed(string text)
    {
        FormatException e = Assert.Throws<FormatException>(() => ListenAddress.Parse(text, allowInsecure: false));

        Assert.Contains("--insecure-listen", e.Message, StringComparison.Ordinal);
        Assert.Equal(8080, ListenAddress.Parse(text, allowInsecure: true).Port);
    }

    [Theory]
    [InlineData("8080")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("https://127.0.0.1:8443")]
    [InlineData("http://example.com:80")]
    [InlineData("http://127.0.0.1:8080/path")]
    [InlineData("http://u@127.0.0.1:8080")]
    public void Parse_NoAddress_SaysSo(string text) =>
        Assert.StartsWith($"'{text}'", Assert.Throws<FormatException>(() => ListenAddress.Parse(text, allowInsecure: true)).Message, StringComparison.Ordinal);
}
