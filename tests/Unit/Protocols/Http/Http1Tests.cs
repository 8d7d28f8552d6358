using ECapture.Fuzz;
using ECapture.Protocols.Http;

namespace ECapture.Tests.Unit.Protocols.Http;

public sealed class Http1Tests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

    [Fact]
    public void Exchange_OneRequest_HasTimesSizesAndFields()
    {
        HttpExchange exchange = new HttpDriver()
            .Send("POST /p?q=1 HTTP/1.1\r\nHost: one.example\r\n").Send("Content-Length: 3\r\n\r\nabc")
            .Receive("HTTP/1.1 201 Created here\r\nContent-Length: 4\r\n\r\nde").Receive("fg").Single();
        Assert.True(exchange.IsComplete);
        Assert.Equal(HttpProblems.None, exchange.Problems);
        Assert.Equal(201, exchange.Status);
        Assert.Equal((10, 30, 40, 30), (exchange.StartedNs, exchange.FirstByteNs, exchange.EndedNs, exchange.DurationNs));
        Assert.Equal("POST /p?q=1 one.example", $"{HttpDriver.Text(exchange.Request!.Method)} {HttpDriver.Text(exchange.Request.Target)} {HttpDriver.Text(exchange.Request.Authority)}");
        Assert.Equal("Created here", HttpDriver.Text(exchange.Response!.Reason));
        Assert.Equal("defg", HttpDriver.Text(exchange.Response.Body.Content));
        Assert.Equal((65, 3), (exchange.Request.WireBytes, exchange.Request.Body.RawLength));
        Assert.Equal((52, 4), (exchange.Response.WireBytes, exchange.Response.Body.RawLength));
    }

    [Theory]
    [InlineData("HEAD", "200 OK")]
    [InlineData("GET", "304 Not Modified")]
    [InlineData("GET", "204 No Content")]
    public void Response_WithoutBodyByRule_NextResponseFollowsItsHead(string method, string status)
    {
        HttpDriver driver = new HttpDriver()
            .Send($"{method} /1 HTTP/1.1\r\n\r\n").Receive($"HTTP/1.1 {status}\r\nContent-Length: 500\r\n\r\n")
            .Send(Get).Receive("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
        Assert.Equal(2, driver.Exchanges.Count);
        Assert.All(driver.Exchanges, static e => Assert.True(e.IsComplete));
        Assert.Equal(0, driver.Exchanges[0].Response!.Body.RawLength);
    }

    [Fact]
    public void Response_UntilClose_EndsWithTheDirection()
    {
        HttpDriver driver = new HttpDriver().Send(Get).Receive("HTTP/1.1 200 OK\r\n\r\nall of it");
        Assert.Empty(driver.Exchanges);
        driver.Connection.End(HttpDirection.Received, 99);
        Assert.True(driver.Single().IsComplete);
        Assert.Equal("all of it", HttpDriver.Text(driver.Single().Response!.Body.Raw));
    }

    [Fact]
    public void Response_CutByClose_IsUnfinished()
    {
        HttpExchange exchange = new HttpDriver().Send(Get).Receive("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").Close().Single();
        Assert.False(exchange.IsComplete);
        Assert.Equal(HttpProblems.Unfinished, exchange.Problems);
        Assert.Equal("abc", HttpDriver.Text(exchange.Response!.Body.Raw));
    }

    [Fact]
    public void Request_NeverAnswered_IsHandedOverAtClose()
    {
        HttpExchange exchange = new HttpDriver().Send(Get).Close().Single();
        Assert.Equal(HttpProblems.ResponseMissing, exchange.Problems);
        Assert.Equal(0, exchange.Status);
    }

    [Fact]
    public void Request_LengthAndChunked_ChunkedWinsAndIsReported()
    {
        HttpExchange exchange = new HttpDriver()
            .Send("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n").Receive("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n").Single();
        Assert.Equal(HttpProblems.ConflictingLength, exchange.Problems & HttpProblems.ConflictingLength);
        Assert.Equal("x", HttpDriver.Text(exchange.Request!.Body.Raw));
    }

    [Fact]
    public void Response_DifferentLengths_AreReported()
    {
        HttpExchange exchange = new HttpDriver().Send(Get).Receive("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n1").Single();
        Assert.Equal(HttpProblems.ConflictingLength, exchange.Problems);
    }

    [Fact]
    public void Response_BeforeTheRequestEnds_WaitsForTheRequest()
    {
        HttpDriver driver = new HttpDriver()
            .Send("POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc").Receive("HTTP/1.1 413 Too much\r\nContent-Length: 0\r\n\r\n");
        Assert.Empty(driver.Exchanges);
        Assert.True(driver.Send("def").Single().IsComplete);
    }

    [Fact]
    public void Headers_BeyondTheLimits_AreCutButFramingHolds()
    {
        var limits = new HttpLimits { MaxHeaders = 16, MaxHeaderBytes = 1024, MaxLineBytes = 256 };
        string flood = string.Concat(Enumerable.Range(0, 500).Select(static i => $"x-{i}: {new string('v', 40)}\r\n"));
        HttpDriver driver = new HttpDriver(limits).Send(Get)
            .Receive("HTTP/1.1 200 OK\r\n" + flood + "long: " + new string('l', 5000) + "\r\nContent-Length: 2\r\n\r\nok").Send(Get).Receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(2, driver.Exchanges.Count);
        Assert.Equal(HttpProblems.HeadersCut, driver.Exchanges[0].Problems);
        Assert.True(driver.Exchanges[0].IsComplete);
        Assert.Equal("ok", HttpDriver.Text(driver.Exchanges[0].Response!.Body.Raw));
        Assert.Equal(17, driver.Exchanges[0].Response!.Headers.Count);
    }

    [Fact]
    public void Target_LongerThanALine_IsCutAndStillAnswered()
    {
        HttpExchange exchange = new HttpDriver(new HttpLimits { MaxLineBytes = 256 })
            .Send("GET /" + new string('a', 10_000) + " HTTP/1.1\r\nHost: h\r\n\r\n").Receive("HTTP/1.1 414 No\r\nContent-Length: 0\r\n\r\n").Single();
        Assert.Equal(HttpProblems.HeadersCut, exchange.Problems);
        Assert.Equal(252, exchange.Request!.Target.Length);
        Assert.Equal(10_027, exchange.Request.WireBytes);
    }

    [Fact]
    public void Pipelining_BeyondTheLimit_OldestIsGivenUp()
    {
        HttpDriver driver = new HttpDriver(new HttpLimits { MaxPendingExchanges = 4 });
        for (int i = 0; i < 10; i++)
        {
            driver.Send($"GET /{i} HTTP/1.1\r\n\r\n");
        }

        Assert.Equal(6, driver.Exchanges.Count);
        Assert.All(driver.Exchanges, static e => Assert.Equal(HttpProblems.Evicted | HttpProblems.ResponseMissing, e.Problems & ~HttpProblems.PairingUncertain));
        driver.Close();
        Assert.Equal(10, driver.Exchanges.Count);
        Assert.Equal(0, driver.Connection.BufferedBytes);
    }

    [Fact]
    public void Tunnel_AfterConnect_BytesAreNotRead()
    {
        HttpDriver driver = new HttpDriver().Send("CONNECT h:1 HTTP/1.1\r\n\r\n").Receive("HTTP/1.1 200 OK\r\n\r\n").Send(Get).Receive("HTTP/1.1 200 OK\r\n\r\n").Close();
        Assert.Equal(HttpUpgrade.Tunnel, driver.Single().Upgrade);
        Assert.True(driver.Single().IsComplete);
        Assert.Equal(HttpProtocol.Tunnel, driver.Connection.Protocol);
    }

    [Fact]
    public void Connection_OfAnotherProtocol_HandsNothingOver()
    {
        HttpDriver driver = new HttpDriver().Receive("220 mail.example\r\n").Send("EHLO me\r\n").Receive("250 HTTP/1.1 200 OK\r\n\r\n").Close();
        Assert.Empty(driver.Exchanges);
        Assert.Equal(HttpProtocol.NotHttp, driver.Connection.Protocol);
    }

    [Fact]
    public void Role_Unknown_IsLearned()
    {
        Assert.Equal(HttpRole.Client, new HttpDriver().Send(Get).Connection.Role);
        Assert.Equal(HttpRole.Server, new HttpDriver().Receive(Get).Connection.Role);
        Assert.Equal(HttpRole.Server, new HttpDriver(startsInMiddle: true).Send("xxHTTP/1.1 200 OK\r\n").Connection.Role);
    }

    [Fact]
    public void Bodies_Binary_StayAsTheyWere()
    {
        byte[] body = [.. Enumerable.Range(0, 256).Select(static i => (byte)i)];
        HttpExchange exchange = new HttpDriver().Send(Get).Receive(Frames.Text("HTTP/1.1 200 OK\r\nContent-Length: 256\r\n\r\n"), body).Single();
        Assert.Equal(body, exchange.Response!.Body.Content.ToArray());
    }
}
