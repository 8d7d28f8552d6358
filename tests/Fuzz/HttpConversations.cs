using ECapture.Protocols.Http;
using static ECapture.Fuzz.Frames;
using static ECapture.Protocols.Http.HttpDirection;

namespace ECapture.Fuzz;

/// <summary>Small conversations that use every rule of the parsers: what the tests cut into pieces and the fuzzer changes.</summary>
public static class HttpConversations
{
    private static readonly byte[] s_page = Text("<html>" + string.Concat(Enumerable.Range(0, 400).Select(static i => $"line {i} ")) + "</html>");

    public static IReadOnlyList<Conversation> All { get; } = [.. Http1(), .. Http2(), .. Others()];

    private static IEnumerable<Conversation> Http1()
    {
        yield return new("keep-alive", false,
            (Sent, Text("GET /a HTTP/1.1\r\nHost: one.example\r\n\r\n")),
            (Received, Text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Fold: a\r\n\t b\r\n\r\nhello")),
            (Sent, Text("POST /b HTTP/1.1\r\nHost: one.example\r\nContent-Length: 4\r\n\r\n\0\u0001\u00ff\n")),
            (Received, Text("HTTP/1.1 204 No Content\r\n\r\n")),
            (Sent, Text("HEAD /c HTTP/1.1\r\nHost: one.example\r\n\r\n")),
            (Received, Text("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")),
            (Sent, Text("GET /d HTTP/1.0\r\n\r\n")),
            (Received, Text("HTTP/1.0 200 OK\r\n\r\nuntil the end")));
        yield return new("pipelined, chunked", false,
            (Sent, Text("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nGET /3 HTTP/1.1\r\nHost: h\r\n\r\n")),
            (Received, Text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nSum: 11\r\n\r\n"
                + "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")));
        yield return new("continue", false,
            (Sent, Text("PUT /up HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")),
            (Received, Text("HTTP/1.1 100 Continue\r\n\r\n")),
            (Sent, Text("3\r\nabc\r\n0\r\n\r\n")),
            (Received, Text("HTTP/1.1 103 Early Hints\r\nLink: </s>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")));
        yield return new("codings", false,
            (Sent, Text("GET /g HTTP/1.1\r\nHost: h\r\n\r\n")),
            (Received, Coded("gzip", Gzip(s_page))),
            (Sent, Text("GET /z HTTP/1.1\r\nHost: h\r\n\r\n")),
            (Received, Coded("deflate", Zlib(s_page))),
            (Sent, Text("GET /d HTTP/1.1\r\nHost: h\r\n\r\n")),
            (Received, Coded("deflate", Deflate(s_page))),
            (Sent, Text("GET /b HTTP/1.1\r\nHost: h\r\n\r\n")),
            (Received, Coded("gzip, br", Brotli(Gzip(s_page)))),
            (Sent, Text("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")),
            (Received, Coded("gzip", Text("this is no gzip at all"))));
        yield return new("malformed", false,
            (Sent, Text("\r\nGET  /a b  HTTP/1.1\nHost : h\r\nno colon here\r\n: empty\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc")),
            (Received, Text("HTTP/1.1 299\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\njunkHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")));
    }

    private static IEnumerable<Conversation> Http2()
    {
        byte[] get = [0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        byte[] again = [0x82, 0x86, 0x84, 0xbe, 0x58, 0x86, 0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf];
        byte[] post = Join([0x83, 0x87, 0x44, 0x04], Text("/put"), [0x40, 0x03], Text("x-k"), [0x02], Text("vv"));
        byte[] ok = Join([0x88], [0x40, 0x06], Text("server"), [0x01], Text("s"));
        yield return new("h2 interleaved", false,
            (Sent, Join(Preface, Frame(4, 0, 0, [0, 3, 0, 0, 0, 100]), Frame(8, 0, 0, [0, 1, 0, 0]), Frame(1, 5, 1, get), Frame(1, 0x25, 3, [0, 0, 0, 0, 15], again))),
            (Received, Join(Frame(4, 0, 0), Frame(4, 1, 0), Frame(1, 4, 1, ok), Frame(0, 0, 1, Text("first ")), Frame(1, 4, 3, [0x88, 0xbe]),
                Frame(0, 8, 3, [3], Text("padded"), [0, 0, 0]), Frame(0, 1, 1, Text("second")), Frame(1, 5, 3, Literals(("grpc-status", "0"))))),
            (Sent, Join(Frame(1, 0, 5, post[..3]), Frame(9, 0, 5, post[3..9]), Frame(9, 4, 5, post[9..]), Frame(0, 0, 5, Text("body ")), Frame(0, 1, 5, Text("of five")))),
            (Received, Join(Frame(1, 4, 5, Literals((":status", "103"), ("link", "x"))), Frame(1, 5, 5, [0x8d]))),
            (Sent, Frame(1, 5, 7, again)),
            (Received, Join(Frame(5, 4, 7, [0, 0, 0, 2], get), Frame(1, 4, 7, [0x88]), Frame(0, 1, 7, Text("seven")), Frame(1, 4, 2, [0x88]), Frame(0, 1, 2, Text("pushed")))),
            (Sent, Join(Frame(1, 5, 9, get), Frame(3, 0, 9, [0, 0, 0, 8]), Frame(1, 5, 11, get))),
            (Received, Frame(7, 0, 0, [0, 0, 0, 9, 0, 0, 0, 11])));
        yield return new("h2 in the middle", true,
            (Sent, Join(Text("the end of some frame"), Frame(1, 5, 101, [0x82, 0x87, 0x84, 0xc3]), Frame(1, 5, 103, again))),
            (Received, Join(Frame(0, 1, 99, Text("tail")), Frame(1, 4, 101, [0x88, 0xc0]), Frame(0, 1, 101, Text("page")), Frame(1, 5, 103, [0x88]))));
        yield return new("h2 websocket", false,
            (Sent, Join(Preface, Frame(4, 0, 0), Frame(1, 4, 1, Literals((":method", "CONNECT"), (":protocol", "websocket"), (":path", "/chat"), (":scheme", "https"))))),
            (Received, Join(Frame(4, 0, 0, [0, 8, 0, 0, 0, 1]), Frame(1, 4, 1, [0x88]))),
            (Sent, Frame(0, 0, 1, WebSocket(0x81, Text("over two"), true))),
            (Received, Frame(0, 1, 1, WebSocket(0x82, [1, 2, 3], false))));
    }

    private static IEnumerable<Conversation> Others()
    {
        byte[][] deflated = DeflatedMessages(Text("the same words, the same words"), Text("the same words, the same words"));
        yield return new("websocket", false,
            (Sent, Text("GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")),
            (Received, Join(
                Text("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
                WebSocket(0x81, Text("welcome"), false))),
            (Sent, Join(WebSocket(0x01, Text("two "), true), WebSocket(0x89, Text("ping"), true), WebSocket(0x80, Text("parts"), true))),
            (Received, Join(WebSocket(0x8a, Text("ping"), false), WebSocket(0xc1, deflated[0], false), WebSocket(0xc1, deflated[1], false), WebSocket(0x82, new byte[70000], false))),
            (Sent, WebSocket(0x88, [3, 232, (byte)'b', (byte)'y', (byte)'e'], true)));
        yield return new("h2c", false,
            (Sent, Text("GET /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n")),
            (Received, Join(Text("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"), Frame(4, 0, 0), Frame(1, 4, 1, [0x88]), Frame(0, 1, 1, Text("one")))),
            (Sent, Join(Preface, Frame(4, 0, 0), Frame(1, 5, 3, [0x82, 0x86, 0x84]))),
            (Received, Frame(1, 5, 3, [0x89])));
        yield return new("upgrade refused", false,
            (Sent, Text("GET /1 HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")),
            (Received, Text("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")));
        yield return new("tunnel", false,
            (Sent, Text("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n")),
            (Received, Text("HTTP/1.1 200 Connection established\r\n\r\n")),
            (Sent, [22, 3, 1, 0, 5, 1, 2, 3, 4, 5]),
            (Received, Text("HTTP/1.1 200 OK\r\n\r\n")));
        yield return new("http/1 in the middle", true,
            (Received, Text("tail of a body without an end of lineHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")),
            (Sent, Text("{\"json\": 1}GET /next HTTP/1.1\r\nHost: h\r\n\r\n")),
            (Received, Text("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext")));
        yield return new("not http", false, (Received, Text("220 mail.example ESMTP\r\n")), (Sent, Text("EHLO me\r\n")), (Received, Text("250 hi\r\n")));
    }

    private static byte[] Coded(string coding, byte[] body) =>
        Join(Text($"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {body.Length}\r\n\r\n"), body);
}
