using ECapture.Protocols.Http.Streams;

namespace ECapture.Protocols.Http.WebSocket;

/// <summary>A direction of a connection that has become a WebSocket.</summary>
internal sealed class WebSocketHandler(WebSocketReader reader) : StreamHandler
{
    public override int Feed(ReadOnlySpan<byte> bytes, long offset, long ns)
    {
        reader.Feed(bytes, ns);
        return bytes.Length;
    }

    public override void Gap(long length, long ns) => reader.Gap(length, ns);

    public override void End(long ns) => reader.End(ns);
}
