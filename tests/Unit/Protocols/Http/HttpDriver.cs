using ECapture.Fuzz;
using ECapture.Protocols.Http;

namespace ECapture.Tests.Unit.Protocols.Http;

/// <summary>A connection and what it handed over.</summary>
internal sealed class HttpDriver
{
    private readonly Transcript _transcript = new();
    private long _ns;

    public HttpDriver(HttpLimits? limits = null, HttpRole role = HttpRole.Unknown, bool startsInMiddle = false) =>
        Connection = new HttpConnection(_transcript, limits, role, startsInMiddle);

    public HttpConnection Connection { get; }

    public IReadOnlyList<HttpExchange> Exchanges => _transcript.Exchanges;

    public IReadOnlyList<ECapture.Protocols.Http.WebSocket.WebSocketMessage> Messages => _transcript.Messages;

    public HttpDriver Send(string text) => Send(Frames.Text(text));

    public HttpDriver Send(params byte[][] bytes)
    {
        Connection.Sent.Append(Frames.Join(bytes), _ns += 10);
        return this;
    }

    public HttpDriver Receive(string text) => Receive(Frames.Text(text));

    public HttpDriver Receive(params byte[][] bytes)
    {
        Connection.Received.Append(Frames.Join(bytes), _ns += 10);
        return this;
    }

    public HttpDriver Close()
    {
        Connection.Close(_ns += 10);
        return this;
    }

    public HttpExchange Single() => Assert.Single(Exchanges);

    public static string Text(ReadOnlyMemory<byte> bytes) => Transcript.Show(bytes);
}
