using ECapture.Protocols.Http;

namespace ECapture.Fuzz;

/// <summary>Feeds a conversation to a new connection.</summary>
public static class Play
{
    /// <param name="conversation">Is fed in order.</param>
    /// <param name="piece">The most bytes of one piece.</param>
    /// <param name="limits">Bounds, or null.</param>
    /// <param name="role">Of the process.</param>
    public static Transcript Whole(Conversation conversation, int piece = int.MaxValue, HttpLimits? limits = null, HttpRole role = HttpRole.Unknown)
    {
        var transcript = new Transcript();
        var connection = new HttpConnection(transcript, limits, role, conversation.StartsInMiddle);
        long ns = 0;
        foreach ((HttpDirection direction, byte[] bytes) in conversation.Steps)
        {
            for (int at = 0; at < bytes.Length; at += Math.Min(piece, bytes.Length - at))
            {
                Stream(connection, direction).Append(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)), ++ns);
            }
        }

        connection.Close(++ns);
        if (connection.BufferedBytes != 0)
        {
            throw new InvalidOperationException($"{conversation.Name}: {connection.BufferedBytes} bytes of the budget are still taken after the end");
        }

        return transcript;
    }

    public static Protocols.Http.Streams.ByteStream Stream(HttpConnection connection, HttpDirection direction) =>
        direction == HttpDirection.Sent ? connection.Sent : connection.Received;
}
