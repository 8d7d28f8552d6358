using ECapture.Fuzz;
using ECapture.Protocols.Http;
using static ECapture.Fuzz.Frames;

namespace ECapture.Tests.Unit.Protocols.Http;

public sealed class Http2Tests
{
    private static readonly byte[] s_get = [0x82, 0x87, 0x84];

    [Fact]
    public void Streams_Interleaved_AreJoinedByNumber()
    {
        HttpDriver driver = Opened().Send(Frame(1, 5, 1, s_get), Frame(1, 5, 3, s_get))
            .Receive(Frame(1, 4, 3, [0x88]), Frame(1, 4, 1, [0x8d]), Frame(0, 0, 1, "a"u8.ToArray()), Frame(0, 1, 3, "three"u8.ToArray()), Frame(0, 1, 1, "b"u8.ToArray()));
        Assert.Equal([3L, 1L], driver.Exchanges.Select(static e => e.StreamId));
        Assert.Equal([200, 404], driver.Exchanges.Select(static e => e.Status));
        Assert.Equal(["three", "ab"], driver.Exchanges.Select(static e => HttpDriver.Text(e.Response!.Body.Content)));
        Assert.All(driver.Exchanges, static e => Assert.True(e.IsComplete));
    }

    [Fact]
    public void Block_InContinuations_IsOneBlock()
    {
        byte[] block = Literals((":method", "GET"), (":path", "/long"), (":scheme", "https"), ("a", new string('x', 100)));
        HttpExchange exchange = Opened()
            .Send(Frame(1, 1, 1, block[..7]), Frame(9, 0, 1, block[7..20]), Frame(9, 0, 1), Frame(9, 4, 1, block[20..])).Receive(Frame(1, 5, 1, [0x88])).Single();
        Assert.Equal("/long", HttpDriver.Text(exchange.Request!.Target));
        Assert.Equal(block.Length + 4 * 9, exchange.Request.WireBytes);
        Assert.True(exchange.IsComplete);
    }

    [Fact]
    public void Block_InterruptedByAnotherFrame_IsLostAndLaterEntriesAreUnknown()
    {
        HttpDriver driver = Opened().Send(Frame(1, 5, 1, Join([0x82, 0x87, 0x84], [0x40, 1], "a"u8.ToArray(), [1], "b"u8.ToArray())))
            .Send(Frame(1, 1, 3, [0x82]), Frame(0, 1, 3), Frame(1, 5, 5, [0x82, 0x87, 0x84, 0xbe]))
            .Receive(Frame(1, 5, 1, [0x88]), Frame(1, 5, 3, [0x88]), Frame(1, 5, 5, [0x88]));
        Assert.Equal(3, driver.Exchanges.Count);
        Assert.True((driver.Exchanges[1].Problems & HttpProblems.HeadersUndecodable) != 0);
        Assert.Equal(HttpProblems.HeadersUnknown, driver.Exchanges[2].Problems);
        Assert.Equal("?: ?", Assert.Single(driver.Exchanges[2].Request!.Headers).ToString());
    }

    [Fact]
    public void Padding_OfDataAndHeaders_IsNoContent()
    {
        HttpExchange exchange = Opened().Send(Frame(1, 0x2d, 1, [4, 0, 0, 0, 0, 16], s_get, new byte[4]))
            .Receive(Frame(1, 0xc, 1, [2, 0x88, 0, 0]), Frame(0, 9, 1, [5], "body"u8.ToArray(), new byte[5])).Single();
        Assert.Equal("body", HttpDriver.Text(exchange.Response!.Body.Raw));
        Assert.Equal(4 + 9 + 10 + 9, exchange.Response.WireBytes);
        Assert.Equal(HttpProblems.None, exchange.Problems);
    }

    [Fact]
    public void Reset_BeforeTheResponse_IsHandedOverWithItsCode()
    {
        HttpDriver driver = Opened().Send(Frame(1, 5, 1, s_get)).Receive(Frame(3, 0, 1, [0, 0, 0, 7])).Receive(Frame(0, 1, 1, "late"u8.ToArray())).Close();
        Assert.Equal((7u, HttpProblems.Reset | HttpProblems.ResponseMissing), (driver.Single().ErrorCode, driver.Single().Problems));
    }

    [Fact]
    public void GoAway_StreamsAboveTheLast_AreHandedOverAtOnce()
    {
        HttpDriver driver = Opened().Send(Frame(1, 5, 1, s_get), Frame(1, 5, 3, s_get)).Receive(Frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0]));
        Assert.Equal((3L, HttpProblems.GoAway | HttpProblems.ResponseMissing), (driver.Single().StreamId, driver.Single().Problems));
        driver.Receive(Frame(1, 5, 1, [0x88]));
        Assert.True(driver.Exchanges[1].IsComplete);
    }

    [Fact]
    public void Push_PromisedRequest_IsJoinedWithItsResponse()
    {
        HttpDriver driver = Opened().Send(Frame(1, 5, 1, s_get))
            .Receive(Frame(5, 4, 1, [0, 0, 0, 2], s_get), Frame(1, 5, 1, [0x88]), Frame(1, 4, 2, [0x88]), Frame(0, 1, 2, "css"u8.ToArray()));
        Assert.True(driver.Exchanges[1].IsPushed);
        Assert.True(driver.Exchanges[1].IsComplete);
        Assert.Equal("GET", HttpDriver.Text(driver.Exchanges[1].Request!.Method));
    }

    [Fact]
    public void Trailers_AfterData_AreKeptApart()
    {
        HttpExchange exchange = Opened().Send(Frame(1, 5, 1, s_get))
            .Receive(Frame(1, 4, 1, [0x88]), Frame(0, 0, 1, "x"u8.ToArray()), Frame(1, 5, 1, Literals(("grpc-status", "13")))).Single();
        Assert.Equal("grpc-status: 13", Assert.Single(exchange.Response!.Trailers).ToString());
        Assert.Empty(exchange.Response.Headers);
    }

    [Fact]
    public void Length_NotAsAnnounced_IsReported()
    {
        HttpExchange exchange = Opened().Send(Frame(1, 5, 1, s_get))
            .Receive(Frame(1, 4, 1, [0x88], Literals(("content-length", "5"))), Frame(0, 1, 1, "four"u8.ToArray())).Single();
        Assert.Equal(HttpProblems.LengthMismatch, exchange.Problems);
    }

    [Fact]
    public void Gap_WithinData_OnlyThatStreamSuffers()
    {
        byte[] data = Frame(0, 1, 1, new byte[100]);
        HttpDriver driver = Opened().Send(Frame(1, 5, 1, s_get), Frame(1, 5, 3, s_get)).Receive(Frame(1, 4, 1, [0x88]), data[..50]);
        driver.Connection.Gap(HttpDirection.Received, data.Length - 50, 70);
        driver.Receive(Frame(1, 5, 3, [0x88]));
        Assert.Equal([HttpProblems.Gap, HttpProblems.None], driver.Exchanges.Select(static e => e.Problems));
        Assert.Equal((41, 100), (driver.Exchanges[0].Response!.Body.Raw.Length, driver.Exchanges[0].Response!.Body.RawLength));
    }

    [Fact]
    public void Gap_OverFrames_NextFramesAreFoundAndTableIsUnknown()
    {
        byte[] add = Join([0x88, 0x40, 1], "a"u8.ToArray(), [1], "b"u8.ToArray());
        HttpDriver driver = Opened().Send(Frame(1, 5, 1, s_get)).Receive(Frame(1, 5, 1, add));
        driver.Connection.Gap(HttpDirection.Received, 33, 70);
        driver.Send(Frame(1, 5, 3, s_get), Frame(1, 5, 5, s_get))
            .Receive("rest of a frame"u8.ToArray(), Frame(1, 5, 3, [0x88, 0xbe]), Frame(1, 5, 5, add), Frame(1, 5, 5, [0x88]));
        Assert.Equal([1L, 3L, 5L], driver.Exchanges.Select(static e => e.StreamId));
        Assert.Equal([HttpProblems.None, HttpProblems.HeadersUnknown, HttpProblems.None], driver.Exchanges.Select(static e => e.Problems));
    }

    [Fact]
    public void Start_InTheMiddle_RolesAreLearnedFromTheFields()
    {
        HttpDriver driver = new HttpDriver(startsInMiddle: true).Receive(Frame(1, 5, 9, s_get), Frame(1, 5, 11, s_get)).Send(Frame(1, 4, 9, [0x88]), Frame(0, 1, 9, "x"u8.ToArray()));
        Assert.Equal(HttpRole.Server, driver.Connection.Role);
        Assert.Equal(HttpProtocol.Http2, driver.Connection.Protocol);
        Assert.True(driver.Single().IsComplete);
    }

    [Fact]
    public void Streams_BeyondTheLimit_OldestIsGivenUp()
    {
        HttpDriver driver = Opened(new HttpLimits { MaxPendingExchanges = 3 });
        for (int id = 1; id <= 9; id += 2)
        {
            driver.Send(Frame(1, 5, id, s_get));
        }

        Assert.Equal([1L, 3L], driver.Exchanges.Select(static e => e.StreamId));
        Assert.All(driver.Exchanges, static e => Assert.True((e.Problems & HttpProblems.Evicted) != 0));
    }

    [Fact]
    public void Fields_Bomb_IsCutAtTheLimit()
    {
        // One entry of 4 KiB, referred to 60,000 times.
        byte[] value = new byte[4000];
        byte[] entry = Join([0x40, 1], "a"u8.ToArray(), [0x7f, 0xa1, 0x1e], value);
        HttpDriver driver = Opened().Send(Frame(1, 5, 1, s_get, entry));
        driver.Send(Frame(1, 5, 3, s_get, [.. Enumerable.Repeat((byte)0xbe, 60_000)])).Receive(Frame(1, 5, 3, [0x88]));
        HttpExchange exchange = driver.Single();
        Assert.Equal(HttpProblems.HeadersCut, exchange.Problems);
        Assert.Equal(32, exchange.Request!.Headers.Count);
        Assert.InRange(driver.Connection.BufferedBytes, 1, 5000);
    }

    private static HttpDriver Opened(HttpLimits? limits = null) =>
        new HttpDriver(limits).Send(Preface, Frame(4, 0, 0)).Receive(Frame(4, 0, 0, [0, 3, 0, 0, 0, 100]), Frame(4, 1, 0));
}
