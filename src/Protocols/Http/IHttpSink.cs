using ECapture.Protocols.Http.WebSocket;

namespace ECapture.Protocols.Http;

/// <summary>Takes what an <see cref="HttpConnection"/> finds, on the thread that feeds it. What is handed over belongs to the sink.</summary>
public interface IHttpSink
{
    /// <summary>An exchange is finished, or given up.</summary>
    void OnExchange(HttpExchange exchange);

    /// <summary>A WebSocket message or control frame is finished, or given up.</summary>
    void OnWebSocketMessage(WebSocketMessage message);
}
