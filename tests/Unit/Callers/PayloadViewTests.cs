using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Query.Callers;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Expressions;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Callers;

public sealed class PayloadViewTests
{
    [Fact]
    public void Of_HttpAndViewer_ShowsWhoWasAskedAndNotForWhat()
    {
        HttpTransaction http = new()
        {
            Method = Text("POST"),
            Host = Text("shop.example"),
            Path = Text("/secret"),
            Status = 201,
            DurationNs = 5,
            ResponseBytes = 9,
            RequestType = Text("secret/type"),
            ResponseType = Text("secret/type"),
            RequestBody = Text("secret"),
            ResponseBody = Text("secret"),
        };
        http.RequestHeaders.Add(new HttpTransaction.Types.Header { Name = Text("cookie"), Value = Text("secret") });
        http.ResponseHeaders.Add(new HttpTransaction.Types.Header { Name = Text("set-cookie"), Value = Text("secret") });
        StoredEvent stored = Stored(new Event { HttpExchange = http });

        Event seen = PayloadView.Of(stored, Role.Viewer).Event;

        Assert.DoesNotContain("secret", seen.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("cookie", seen.ToString(), StringComparison.Ordinal);
        Assert.Equal(("POST", "shop.example", 201u, 5ul, 9ul),
            (seen.HttpExchange.Method.ToStringUtf8(), seen.HttpExchange.Host.ToStringUtf8(), seen.HttpExchange.Status, seen.HttpExchange.DurationNs, seen.HttpExchange.ResponseBytes));
        Assert.Same(stored, PayloadView.Of(stored, Role.Analyst));
    }

    [Fact]
    public void Of_WebSocketAndViewer_ShowsNoData()
    {
        StoredEvent stored = Stored(new Event { WebSocketMessage = new WebSocketData { Opcode = "text", Length = 6, Data = Text("secret") } });

        Event seen = PayloadView.Of(stored, Role.Viewer).Event;

        Assert.True(seen.WebSocketMessage.Data.IsEmpty);
        Assert.Equal(("text", 6ul), (seen.WebSocketMessage.Opcode, seen.WebSocketMessage.Length));
    }

    [Fact]
    public void Of_CutCommandAndViewer_ShowsNoDigestToGuessAt()
    {
        StoredEvent stored = Stored(new Event { ShellCommand = new ShellCommand(), Truncation = new Truncation { Length = 9, Sha256 = Text("digest") } });

        Event seen = PayloadView.Of(stored, Role.Viewer).Event;

        Assert.Equal((9ul, true), (seen.Truncation.Length, seen.Truncation.Sha256.IsEmpty));
    }

    [Theory]
    [InlineData("http_path", true)]
    [InlineData("http_type", true)]
    [InlineData("sql_fingerprint", true)]
    [InlineData("reason", true)]
    [InlineData("http_host", false)]
    [InlineData("http_method", false)]
    [InlineData("http_status", false)]
    public void Fields_OfProjections_ArePayloadsWhereTheyTellWhatWasSaid(string name, bool isPayload) =>
        Assert.Equal(isPayload, FilterFields.Find(name)!.IsPayload);

    private static StoredEvent Stored(Event e) => new(new EventId(Guid.CreateVersion7(), Topics.Http, 32768, 1), 5, e.ToByteArray());

    private static ByteString Text(string text) => ByteString.CopyFromUtf8(text);
}
