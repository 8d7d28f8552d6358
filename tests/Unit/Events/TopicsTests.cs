using ECapture.Events;

namespace ECapture.Tests.Unit.Events;

public sealed class TopicsTests
{
    [Theory]
    [InlineData("tls", "ecapture.tls.v1")]
    [InlineData("tls.dlq", "ecapture.tls.v1.dlq")]
    public void KafkaName_OfATopic_IsReadBack(string topic, string name)
    {
        Assert.Equal(name, Topics.KafkaName(topic));
        Assert.Equal(topic, Topics.ShortName(name));
    }

    [Theory]
    [InlineData("ecapture..v1")]
    [InlineData("ecapture..v1.dlq")]
    [InlineData("other.tls.v1")]
    [InlineData("other.tls.v1.dlq")]
    [InlineData("ecapture.tls.v2")]
    [InlineData(".dlq")]
    public void ShortName_OfAForeignTopic_IsNone(string name) => Assert.Null(Topics.ShortName(name));
}
