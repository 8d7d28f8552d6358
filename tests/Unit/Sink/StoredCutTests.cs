using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Policies;
using ECapture.Sink;
using ECapture.Tests.Support.Events;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Sink;

public sealed class StoredCutTests
{
    [Fact]
    public void Apply_PayloadAboveKeep_CutTheSameEveryTime()
    {
        Policy policy = Parse("""{"modules":{"tls":{"sink":{"keep":4}}}}""");
        byte[] encoded = Encoded("0123456789");

        byte[] first = Apply(StoredCut.For(policy, "tls")!, encoded);
        byte[] again = Apply(StoredCut.For(policy, "tls")!, encoded);

        Assert.Equal(first, again);
        Event stored = Event.Parser.ParseFrom(first);
        Assert.Equal("0123", stored.TlsData.Data.ToStringUtf8());
        Assert.Equal((10ul, 10ul), (stored.Truncation.Length, stored.Truncation.Logged));
    }

    [Fact]
    public void Apply_PayloadWithinKeep_SameBytes()
    {
        byte[] encoded = Encoded("0123");

        Assert.Equal(encoded, Apply(StoredCut.For(Parse("""{"modules":{"tls":{"sink":{"keep":4}}}}"""), "tls")!, encoded));
    }

    [Fact]
    public void For_NothingIsCut_IsNull()
    {
        Assert.Null(StoredCut.For(null, "tls"));
        Assert.Null(StoredCut.For(Parse("{}"), "tls"));
        Assert.Null(StoredCut.For(Parse("""{"modules":{"tls":{"sink":{"keep":4}}}}"""), "bash"));
        Assert.Null(StoredCut.For(Parse("""{"modules":{"tls":{"sink":{"keep":4}}}}"""), "topic-of-later"));
    }

    private static byte[] Encoded(string data)
    {
        Event made = new RandomEvents(5).Next(Topics.Tls, Guid.NewGuid(), 1);
        made.Truncation = null;
        made.TlsData.Data = ByteString.CopyFromUtf8(data);
        return made.ToByteArray();
    }

    private static byte[] Apply(StoredCut cut, byte[] encoded)
    {
        Assert.True(EventReader.TryRead(encoded, out EventFields fields));
        ReadOnlySpan<byte> stored = cut.Apply(encoded, ref fields);
        Assert.Equal(Event.Parser.ParseFrom(stored).TlsData.Data.ToByteArray(), fields.Payload.Main.Of(stored).ToArray());
        return stored.ToArray();
    }

    private static Policy Parse(string json)
    {
        PolicyReading reading = Policy.Read(Encoding.UTF8.GetBytes(json), "f", 1000);
        Assert.Empty(reading.Errors);
        return reading.Policy!;
    }
}
