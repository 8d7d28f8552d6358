using ECapture.Fuzz;
using ECapture.Protocols.Http;
using ECapture.Protocols.Http.WebSocket;
using static ECapture.Fuzz.Frames;

namespace ECapture.Tests.Unit.Protocols.Http;

/// <summary>RFC 6455 section 5.7 and RFC 7692 section 7.2.3 among others.</summary>
public sealed class WebSocketTests
{
    [Theory]
    [InlineData("810548656c6c6f", WebSocketOpcode.Text, "Hello")]
    [InlineData("010348656c80026c6f", WebSocketOpcode.Text, "Hello")]
    [InlineData("890548656c6c6f", WebSocketOpcode.Ping, "Hello")]
    [InlineData("c107f248cdc9c90700", WebSocketOpcode.Text, "Hello")]
    [InlineData("4103f248cd8004c9c90700", WebSocketOpcode.Text, "Hello")]
    [InlineData("c107f248cdc9c90700c105f200110000", WebSocketOpcode.Text, "Hello")]
    [InlineData("c10b000500faff48656c6c6f00", WebSocketOpcode.Text, "Hello")]
    [InlineData("c108f348cdc9c9070000", WebSocketOpcode.Text, "Hello")]
    public void Frames_OfTheServer_ExamplesOfTheSpecifications(string hex, WebSocketOpcode opcode, string text)
    {
        HttpDriver driver = Opened("permessage-deflate").Receive(Convert.FromHexString(hex));
        Assert.NotEmpty(driver.Messages);
        Assert.All(driver.Messages, m => Assert.Equal((opcode, text, HttpProblems.None), (m.Opcode, HttpDriver.Text(m.Payload), m.Problems)));
    }

    [Fact]
    public void Frames_OfTheClient_AreUnmasked()
    {
        HttpDriver driver = Opened().Send(Convert.FromHexString("818537fa213d7f9f4d5158" + "8a8537fa213d7f9f4d5158"));
        Assert.Equal([WebSocketOpcode.Text, WebSocketOpcode.Pong], driver.Messages.Select(static m => m.Opcode));
        Assert.All(driver.Messages, static m => Assert.Equal(("Hello", true, 11), (HttpDriver.Text(m.Payload), m.FromClient, m.WireBytes)));
    }

    [Fact]
    public void Message_ControlBetweenFragments_BothAreWhole()
    {
        HttpDriver driver = Opened().Receive(WebSocket(0x02, [1, 2], false), WebSocket(0x89, [9], false), WebSocket(0x00, [3], false), WebSocket(0x80, [], false));
        Assert.Equal([WebSocketOpcode.Ping, WebSocketOpcode.Binary], driver.Messages.Select(static m => m.Opcode));
        Assert.Equal([1, 2, 3], driver.Messages[1].Payload.ToArray());
        Assert.Equal(3, driver.Messages[1].Frames);
    }

    [Theory]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65535)]
    [InlineData(65536)]
    public void Message_OfAnyLength_IsWhole(int length)
    {
        WebSocketMessage message = Assert.Single(Opened().Send(WebSocket(0x82, new byte[length], true)).Messages);
        Assert.Equal(new byte[length], message.Payload.ToArray());
    }

    [Fact]
    public void Deflate_ContextKept_OneUnreadableMessageCostsTheLaterOnes()
    {
        byte[][] parts = DeflatedMessages("some words"u8.ToArray(), "some words"u8.ToArray(), "some words"u8.ToArray());
        HttpDriver driver = Opened("permessage-deflate").Receive(WebSocket(0xc1, parts[0], false));
        byte[] second = WebSocket(0xc1, parts[1], false);
        driver.Receive(second[..3]);
        driver.Connection.Gap(HttpDirection.Received, second.Length - 3, 80);
        driver.Receive(WebSocket(0xc1, parts[2], false));
        Assert.Equal([HttpProblems.None, HttpProblems.Gap | HttpProblems.BodyUndecodable, HttpProblems.BodyUndecodable], driver.Messages.Select(static m => m.Problems));
        Assert.Equal(parts[2], driver.Messages[2].Payload.ToArray());
    }

    [Fact]
    public void Deflate_NoContext_LaterMessagesAreRead()
    {
        HttpDriver driver = Opened("permessage-deflate; server_no_context_takeover").Receive(WebSocket(0xc1, [0xff, 0xff, 0xff], false))
            .Receive(WebSocket(0xc1, DeflatedMessages("some words"u8.ToArray())[0], false));
        Assert.Equal(HttpProblems.BodyUndecodable, driver.Messages[0].Problems);
        Assert.Equal("some words", HttpDriver.Text(driver.Messages[1].Payload));
    }

    [Fact]
    public void Deflate_Bomb_StopsAtTheLimit()
    {
        byte[] bomb = DeflatedMessages(new byte[32 * 1024 * 1024])[0];
        WebSocketMessage message = Assert.Single(Opened("permessage-deflate", new HttpLimits { MaxDecodedBytes = 10_000 }).Receive(WebSocket(0xc2, bomb, false)).Messages);
        Assert.Equal((10_000, HttpProblems.BodyCut), (message.Payload.Length, message.Problems));
    }

    [Fact]
    public void Close_InAMessage_IsHandedOverUnfinished()
    {
        HttpDriver driver = Opened().Receive(WebSocket(0x01, "begun"u8.ToArray(), false)).Close();
        Assert.Equal((HttpProblems.Unfinished, "begun"), (Assert.Single(driver.Messages).Problems, HttpDriver.Text(driver.Messages[0].Payload)));
        Assert.Equal(0, driver.Connection.BufferedBytes);
    }

    [Fact]
    public void Frame_WithReservedBits_EndsTheReading()
    {
        HttpDriver driver = Opened().Receive(WebSocket(0x81, "good"u8.ToArray(), false), WebSocket(0xb1, "bad"u8.ToArray(), false), WebSocket(0x81, "after"u8.ToArray(), false));
        Assert.Equal("good", HttpDriver.Text(Assert.Single(driver.Messages).Payload));
    }

    private static HttpDriver Opened(string? extension = null, HttpLimits? limits = null) => new HttpDriver(limits)
        .Send("GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        .Receive("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + (extension is null ? "" : $"Sec-WebSocket-Extensions: {extension}\r\n") + "\r\n");
}
