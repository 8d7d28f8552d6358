using ECapture.Log;

namespace ECapture.Tests.Unit.Log;

public sealed class LogAddressTests
{
    [Fact]
    public void Parse_Local_AbsoluteDirectory()
    {
        LogAddress address = LogAddress.Parse("sqlite:some/dir");

        Assert.Equal(LogKind.Local, address.Kind);
        Assert.Equal(Path.GetFullPath("some/dir"), address.Directory);
    }

    [Theory]
    [InlineData("kafka://k1", "k1:9092")]
    [InlineData("kafka://k1:1,k2.example:65535/", "k1:1|k2.example:65535")]
    [InlineData("kafka://[::1]:9093,127.0.0.1", "[::1]:9093|127.0.0.1:9092")]
    public void Parse_Kafka_Brokers(string text, string brokers) =>
        Assert.Equal(brokers.Split('|'), LogAddress.Parse(text).Brokers);

    [Fact]
    public void Parse_KafkaOptions_PassedThroughDecoded()
    {
        LogAddress address = LogAddress.Parse("kafka://k:9092?api.version.request=false&broker.version.fallback=0.9.0&client.rack=a%26b");

        Assert.Equal(LogKind.Kafka, address.Kind);
        Assert.Equal("false", address.Options["api.version.request"]);
        Assert.Equal("0.9.0", address.Options["broker.version.fallback"]);
        Assert.Equal("a&b", address.Options["client.rack"]);
    }

    [Theory]
    [InlineData("", "sqlite: or kafka://")]
    [InlineData("redis://h:1", "sqlite: or kafka://")]
    [InlineData("/var/lib/log", "sqlite: or kafka://")]
    [InlineData("kafka:h:9092", "needs //")]
    [InlineData("sqlite:", "names no directory")]
    [InlineData("sqlite:  ", "names no directory")]
    [InlineData("sqlite:///var/log", "sqlite://var/log")]
    [InlineData("kafka://", "without a host")]
    [InlineData("kafka://:9092", "without a host")]
    [InlineData("kafka://a,,b", "without a host")]
    [InlineData("kafka://a:0", "port '0'")]
    [InlineData("kafka://a:65536", "port '65536'")]
    [InlineData("kafka://a:http", "port 'http'")]
    [InlineData("kafka://a:", "port ''")]
    [InlineData("kafka://a b:1", "host 'a b'")]
    [InlineData("kafka://[::1:9092", "host '[::1'")]
    [InlineData("kafka://a?x", "malformed option 'x'")]
    [InlineData("kafka://a?=1", "malformed option ''")]
    [InlineData("kafka://a?x=", "malformed option 'x'")]
    [InlineData("kafka://a?x=1&", "malformed option ''")]
    [InlineData("kafka://a?x=1&x=2", "option x twice")]
    [InlineData("kafka://a?acks=1", "acks cannot be set")]
    [InlineData("kafka://u:p@a:9092", "ECAPTURE_KAFKA_PASSWORD")]
    public void Parse_Bad_OneLineThatSaysWhat(string text, string said)
    {
        FormatException e = Assert.Throws<FormatException>(() => LogAddress.Parse(text));

        Assert.Contains(said, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("kafka://a?sasl.password=hunter2")]
    [InlineData("kafka://a?ssl.key.password=hunter2")]
    [InlineData("kafka://a?sasl.oauthbearer.client.secret=hunter2")]
    [InlineData("kafka://root:hunter2@a")]
    [InlineData("kafka:root:hunter2@a")]
    [InlineData("redis://root:hunter2@a")]
    [InlineData("redis://a?password=hunter2")]
    [InlineData("kafka://a:bad?sasl.username=x&sasl.password=hunter2")]
    public void Parse_Secret_RefusedWithoutRepeatingIt(string text)
    {
        FormatException e = Assert.Throws<FormatException>(() => LogAddress.Parse(text));

        Assert.DoesNotContain("hunter2", e.Message, StringComparison.Ordinal);
    }
}
