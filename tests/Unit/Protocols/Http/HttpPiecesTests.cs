using ECapture.Fuzz;
using ECapture.Protocols.Http;

namespace ECapture.Tests.Unit.Protocols.Http;

public sealed class HttpPiecesTests
{
    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (Conversation conversation in HttpConversations.All)
            {
                foreach (int piece in (int[])[1, 2, 3, 7, 64])
                {
                    cases.Add(conversation.Name, piece);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Feed_InPieces_ReadsTheSameAsWhole(string name, int piece)
    {
        Conversation conversation = HttpConversations.All.Single(c => c.Name == name);
        Transcript whole = Play.Whole(conversation);
        Assert.Equal(name != "not http", whole.Exchanges.Count > 0);
        Assert.Equal(whole.Lines.ToString(), Play.Whole(conversation, piece).Lines.ToString());
    }

    [Theory]
    [InlineData("keep-alive", 4)]
    [InlineData("pipelined, chunked", 3)]
    [InlineData("continue", 1)]
    [InlineData("codings", 5)]
    [InlineData("websocket", 1)]
    [InlineData("h2c", 3)]
    [InlineData("upgrade refused", 2)]
    public void Feed_TrueConversation_EveryExchangeIsComplete(string name, int count)
    {
        Transcript whole = Play.Whole(HttpConversations.All.Single(c => c.Name == name));
        Assert.Equal(count, whole.Exchanges.Count);
        Assert.All(whole.Exchanges, static e => Assert.True(e.IsComplete));
    }

    [Fact]
    public void Feed_Interims_AreKeptBesideTheFinalResponse()
    {
        HttpExchange exchange = Assert.Single(Play.Whole(HttpConversations.All.Single(static c => c.Name == "continue")).Exchanges);
        Assert.Equal([100, 103], exchange.Interim.Select(static i => i.Status));
        Assert.Equal(201, exchange.Status);
    }
}
