using ECapture.Protocols.Http;

namespace ECapture.Tests.Unit.Protocols.Http;

public sealed class Http1GapTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public void Gap_WithinABodyOfKnownLength_FramingGoesOn()
    {
        HttpDriver driver = new HttpDriver().Send(Get).Receive("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        driver.Connection.Gap(HttpDirection.Received, 4, 50);
        driver.Receive("hij").Send(Get).Receive(Ok);
        Assert.Equal(2, driver.Exchanges.Count);
        Assert.Equal(HttpProblems.Gap, driver.Exchanges[0].Problems);
        Assert.Equal("abc", HttpDriver.Text(driver.Exchanges[0].Response!.Body.Raw));
        Assert.Equal(10, driver.Exchanges[0].Response!.Body.RawLength);
        Assert.True(driver.Exchanges[1].IsComplete);
    }

    [Fact]
    public void Gap_WithinAChunk_FramingGoesOn()
    {
        HttpDriver driver = new HttpDriver().Send(Get).Receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nabc");
        driver.Connection.Gap(HttpDirection.Received, 4, 50);
        driver.Receive("hij\r\n0\r\n\r\n");
        Assert.Equal(HttpProblems.Gap, driver.Single().Problems);
        Assert.True(driver.Single().Response!.IsEnded);
    }

    [Fact]
    public void Gap_OverTheEndOfABody_NextMessageIsFoundWithinALine()
    {
        HttpDriver driver = new HttpDriver().Send(Get).Receive("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        driver.Connection.Gap(HttpDirection.Received, 100, 50);
        driver.Send(Get).Receive("the tail of something lost</html>" + Ok).Close();
        Assert.Equal(2, driver.Exchanges.Count);
        Assert.Equal(HttpProblems.Gap, driver.Exchanges[0].Problems);
        Assert.True(driver.Exchanges[1].IsComplete);
        Assert.Equal("ok", HttpDriver.Text(driver.Exchanges[1].Response!.Body.Raw));
    }

    [Fact]
    public void Gap_SwallowsAResponse_NextOneIsPairedWithItsOwnRequest()
    {
        HttpDriver driver = new HttpDriver().Send("GET /lost HTTP/1.1\r\n\r\n");
        driver.Receive("HTTP/1.1 200 OK\r\nContent-Le");
        driver.Connection.Gap(HttpDirection.Received, 500, 50);
        driver.Send("GET /next HTTP/1.1\r\n\r\n").Receive(Ok).Close();
        Assert.Equal(2, driver.Exchanges.Count);
        Assert.Equal("/lost", HttpDriver.Text(driver.Exchanges[0].Request!.Target));
        Assert.True((driver.Exchanges[0].Problems & HttpProblems.Gap) != 0);
        Assert.Equal("/next", HttpDriver.Text(driver.Exchanges[1].Request!.Target));
        Assert.True(driver.Exchanges[1].IsComplete);
    }

    [Fact]
    public void Gap_SwallowsAResponseWhole_ItsRequestIsHandedOverAlone()
    {
        HttpDriver driver = new HttpDriver().Send(Get).Receive(Ok).Send("GET /lost HTTP/1.1\r\n\r\n");
        driver.Connection.Gap(HttpDirection.Received, Ok.Length, 50);
        driver.Send("GET /next HTTP/1.1\r\n\r\n").Receive(Ok).Close();
        Assert.Equal(3, driver.Exchanges.Count);
        Assert.Equal(HttpProblems.ResponseMissing, driver.Exchanges[1].Problems);
        Assert.Equal(("/next", HttpProblems.None), (HttpDriver.Text(driver.Exchanges[2].Request!.Target), driver.Exchanges[2].Problems));
    }

    [Fact]
    public void Gap_SwallowsARequest_ItsResponseStandsAlone()
    {
        HttpDriver driver = new HttpDriver().Send(Get).Receive(Ok);
        driver.Connection.Gap(HttpDirection.Sent, 40, 50);
        driver.Receive(Ok).Send("GET /next HTTP/1.1\r\n\r\n").Receive(Ok).Close();
        Assert.Equal([HttpProblems.None, HttpProblems.RequestMissing, HttpProblems.None], driver.Exchanges.Select(static e => e.Problems));
    }

    [Fact]
    public void Gap_WhilePipelining_PairingIsSaidToBeUncertain()
    {
        HttpDriver driver = new HttpDriver().Send(Get + Get + Get).Receive(Ok);
        driver.Connection.Gap(HttpDirection.Received, Ok.Length, 50);
        driver.Receive(Ok).Close();
        Assert.True(driver.Exchanges[0].IsComplete);
        Assert.All(driver.Exchanges.Skip(1), static e => Assert.False(e.IsComplete));
        Assert.Contains(driver.Exchanges, static e => (e.Problems & HttpProblems.PairingUncertain) != 0);
    }

    [Fact]
    public void Start_InTheMiddleOfABody_FirstWholeMessageIsFound()
    {
        HttpDriver driver = new HttpDriver(startsInMiddle: true)
            .Receive("GET is a word, HTTP/1.1 too\r\n{\"a\": 1}").Receive(Ok).Send(Get).Receive(Ok).Close();
        Assert.Equal([HttpProblems.RequestMissing, HttpProblems.None], driver.Exchanges.Select(static e => e.Problems));
    }

    [Fact]
    public void Start_FirstOffsetAboveZero_CountsAsTheMiddle()
    {
        var driver = new HttpDriver();
        driver.Connection.Feed(HttpDirection.Received, 1000, "tail\n"u8, 1);
        driver.Connection.Feed(HttpDirection.Received, 1005, "HTTP/1.1 204 x\r\n\r\n"u8, 2);
        Assert.Equal((204, 1005), (driver.Single().Status, driver.Single().Response!.StreamOffset));
    }

    [Fact]
    public void Search_FindsALineThatOnlyLooksLikeAStart_GoesOn()
    {
        HttpDriver driver = new HttpDriver(startsInMiddle: true).Receive("log: HTTP/1.1 200 OK\nthis is no field line\n" + Ok).Close();
        Assert.Equal("ok", HttpDriver.Text(driver.Single().Response!.Body.Raw));
    }
}
