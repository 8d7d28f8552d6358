using ECapture.Fuzz;
using ECapture.Protocols.Http;

namespace ECapture.Tests.Unit.Protocols.Http;

public sealed class LostRoleTests
{
    [Fact]
    public void Http2_FieldsOfAStreamAllLost_WhatStandsAloneIsAResponse()
    {
        HttpExchange exchange = new HttpDriver(startsInMiddle: true)
            .Receive(Frames.Frame(0, 0, 1, "pa"u8.ToArray()), Frames.Frame(0, 1, 1, "ge"u8.ToArray())).Close().Single();
        Assert.Equal(HttpProblems.RequestMissing | HttpProblems.StartMissing, exchange.Problems);
        Assert.Equal("page", HttpDriver.Text(exchange.Response!.Body.Raw));
    }
}
