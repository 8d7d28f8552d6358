using System.Buffers;
using System.IO.Compression;
using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Terminal;
using ECapture.Terminal.Http;
using ECapture.Terminal.Json;
using ECapture.Terminal.Text;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Terminal;

/// <summary>What becomes of plaintext and commands, without an agent.</summary>
public sealed class ItemDecoderTests
{
    private const ulong Second = 1_000_000_000;

    private readonly List<TerminalItem> _items = [];
    private ulong _now = 100 * Second;

    [Fact]
    public void Http_RequestAndGzipAnswerInPieces_IsOneBlockWithTheDecodedBody()
    {
        ItemDecoder decoder = new(_items.Add);
        byte[] body = Gzip("hello \u202e\tbody\nsecond");
        byte[] answer = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];
        Feed(decoder, 1, Direction.Sent, 0, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"u8);
        Feed(decoder, 1, Direction.Received, 0, answer.AsSpan(0, 40));
        Assert.Empty(_items);
        Feed(decoder, 1, Direction.Received, 40, answer.AsSpan(40));

        string text = Text(Assert.Single(_items));
        Assert.Contains("\n> GET /x HTTP/1.1\n> Host: a\n>\n< HTTP/1.1 200 OK\n", text, StringComparison.Ordinal);
        Assert.Contains("\n< hello \\u202e\tbody\n< second\n", text, StringComparison.Ordinal);
        Assert.Contains($"[{body.Length} bytes on the wire, decoded]", text, StringComparison.Ordinal);
        Assert.Contains(" tls curl[7] uid 0 10.0.0.1:40000 - 10.0.0.2:443 HTTP/1.1 ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Http_GzipBomb_IsBoundedAndSaysSo()
    {
        ItemDecoder decoder = new(_items.Add);
        byte[] body = Gzip(new string('a', 64 << 20));
        Feed(decoder, 1, Direction.Sent, 0, "GET /bomb HTTP/1.1\r\n\r\n"u8);
        Feed(decoder, 1, Direction.Received, 0, [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {body.Length}\r\n\r\n"), .. body]);

        string text = Text(Assert.Single(_items), new TextOptions(false, 10, false));
        Assert.Contains("[cut: 10 of more than 4194304 bytes are shown]", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_NoHttp_IsShownPieceByPieceAsItCame()
    {
        ItemDecoder decoder = new(_items.Add);
        Feed(decoder, 1, Direction.Received, 0, "220 mail ready\r\n"u8);
        Feed(decoder, 1, Direction.Sent, 0, [0xff, 0x00, (byte)'x']);
        decoder.Complete();

        Assert.Equal(2, _items.Count);
        Assert.Contains("received 16 bytes\n< 220 mail ready\n", Text(_items[0]), StringComparison.Ordinal);
        Assert.Contains("sent 3 bytes\n> 00000000  ff 00 78 ", Text(_items[1]), StringComparison.Ordinal);
    }

    [Fact]
    public void Data_UndecidedForASecond_IsShown()
    {
        ItemDecoder decoder = new(_items.Add);
        Feed(decoder, 1, Direction.Sent, 0, "G"u8);
        decoder.Tick(_now);
        Assert.Empty(_items);
        decoder.Tick(_now + (2 * Second));
        Assert.Contains("> G\n", Text(Assert.Single(_items)), StringComparison.Ordinal);
    }

    [Fact]
    public void Connection_ClosedWithoutAnswer_ShowsTheRequestAlone()
    {
        ItemDecoder decoder = new(_items.Add);
        Feed(decoder, 1, Direction.Sent, 0, "GET /alone HTTP/1.1\r\n\r\n"u8);
        Write(decoder, Topics.Connection, new Event { ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Closed } });
        decoder.Tick(_now + (Second / 2));
        Assert.Empty(_items); // what is still in the ring may belong to it
        decoder.Tick(_now + (2 * Second));

        string text = Text(Assert.Single(_items));
        Assert.Contains("> GET /alone HTTP/1.1", text, StringComparison.Ordinal);
        Assert.Contains("[ResponseMissing]", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Connection_OlderThanTheAgent_NextMessageIsFound()
    {
        ItemDecoder decoder = new(_items.Add);
        Write(decoder, Topics.Connection, new Event { ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Existing } });
        Feed(decoder, 1, Direction.Received, 0, "rest of an old body"u8);
        Feed(decoder, 1, Direction.Sent, 0, "GET /next HTTP/1.1\r\n\r\n"u8);
        Feed(decoder, 1, Direction.Received, 19, "HTTP/1.1 204 No Content\r\n\r\n"u8);

        Assert.Contains(_items, i => i is ExchangeItem e && Encoding.ASCII.GetString(e.Exchange.Request!.Target.Span) == "/next" && e.Exchange.Status == 204);
    }

    [Fact]
    public void Connections_MoreThanTheBound_TheQuietestEnds()
    {
        PlaintextConnections connections = new(_items.Add, mostConnections: 2);
        for (ulong id = 1; id <= 3; id++)
        {
            connections.Feed("tls", Piece(id, Direction.Sent, 0, Encoding.ASCII.GetBytes($"GET /{id} HTTP/1.1\r\n\r\n")));
        }

        Assert.Equal(2, connections.Count);
        Assert.Equal("/1", Encoding.ASCII.GetString(Assert.IsType<ExchangeItem>(Assert.Single(_items)).Exchange.Request!.Target.Span));
    }

    [Fact]
    public void Connections_MoreBytesThanTheBound_TheQuietestEnds()
    {
        PlaintextConnections connections = new(_items.Add, mostBytes: 100_000);
        byte[] head = "POST / HTTP/1.1\r\nContent-Length: 900000\r\n\r\n"u8.ToArray();
        for (ulong id = 1; id <= 3; id++)
        {
            connections.Feed("tls", Piece(id, Direction.Sent, 0, [.. head, .. new byte[60_000]]));
        }

        Assert.Equal(1, connections.Count);
        Assert.Equal(2, _items.Count);
    }

    [Fact]
    public void Commands_StatusAsked_OnlyThoseOnceTheyEnded()
    {
        ItemDecoder decoder = new(_items.Add) { ExitStatus = 3 };
        foreach ((ulong id, int status) in new[] { (1UL, 0), (2UL, 3) })
        {
            Write(decoder, Topics.Bash, new Event { ShellCommand = new ShellCommand { Command = id, Text = ByteString.CopyFromUtf8($"line{id}") } });
            Write(decoder, Topics.Bash, new Event { ShellResult = new ShellResult { Command = id, ExitStatus = status } });
        }

        Assert.Contains(" exit 3 after 0 ms: line2\n", Text(Assert.Single(_items)), StringComparison.Ordinal);
    }

    [Fact]
    public void Command_Truncation_HasAMarkWithTheTrueLength()
    {
        ItemDecoder decoder = new(_items.Add);
        Write(decoder, Topics.Bash, new Event { ShellCommand = new ShellCommand { Text = ByteString.CopyFromUtf8("0123456789") } });
        TerminalItem item = Assert.Single(_items);

        Assert.EndsWith("0123 [cut: 4 of 10 bytes are shown]\n", Text(item, new TextOptions(false, 4, false)), StringComparison.Ordinal);
        string json = Format(item, new ItemJsonFormat(4));
        Assert.Contains("\"text\":\"0123\"", json, StringComparison.Ordinal);
        Assert.Contains("\"truncation\":{\"length\":10", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_HostileName_CannotControlTheTerminal()
    {
        Event command = new()
        {
            Process = new Process { Pid = 1, Name = ByteString.CopyFromUtf8("\u001b]0;x\u0007") },
            ShellCommand = new ShellCommand { Text = ByteString.CopyFromUtf8("a\u001b[2J\nb"), Directory = ByteString.CopyFromUtf8("/\u202e") },
        };
        string text = Text(new CommandItem("bash", command));

        Assert.DoesNotContain(text.TrimEnd('\n'), c => char.IsControl(c) || c == '\u202e');
    }

    private static byte[] Gzip(string text)
    {
        using MemoryStream output = new();
        using (GZipStream gzip = new(output, CompressionLevel.Optimal))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return output.ToArray();
    }

    private static string Text(TerminalItem item, TextOptions? options = null) => Format(item, new TextFormat(options ?? new TextOptions(false, 0, false)));

    private static string Format(TerminalItem item, IItemFormat format)
    {
        ArrayBufferWriter<byte> output = new();
        format.Write(item, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private void Feed(ItemDecoder decoder, ulong connection, Direction direction, ulong offset, ReadOnlySpan<byte> data) =>
        Write(decoder, Topics.Tls, Piece(connection, direction, offset, data));

    private Event Piece(ulong connection, Direction direction, ulong offset, ReadOnlySpan<byte> data) => new()
    {
        Connection = connection,
        BootNs = ++_now,
        TlsData = new TlsData { Direction = direction, Offset = offset, Data = ByteString.CopyFrom(data) },
    };

    private void Write(ItemDecoder decoder, string topic, Event e)
    {
        e.BootNs = ++_now;
        e.WallNs = _now;
        e.Process = new Process { Pid = 7, Name = ByteString.CopyFromUtf8("curl") };
        e.Flow = new Flow
        {
            Id = 5,
            LocalAddress = ByteString.CopyFrom(10, 0, 0, 1),
            LocalPort = 40000,
            RemoteAddress = ByteString.CopyFrom(10, 0, 0, 2),
            RemotePort = 443,
        };
        byte[] encoded = e.ToByteArray();
        Assert.True(EventReader.TryRead(encoded, out EventFields fields));
        decoder.Write(new ReceivedEvent(topic, encoded, ref fields));
    }
}
