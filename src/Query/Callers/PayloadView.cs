using ECapture.Events.V1;
using ECapture.Storage.Reading;
using Google.Protobuf;

namespace ECapture.Query.Callers;

/// <summary>
/// Events as a caller may see them. TLS secrets leave in pcapng files only, whoever asks; viewers see who spoke, not what was said.
/// </summary>
internal static class PayloadView
{
    /// <summary>The event, or a copy without what the role may not see.</summary>
    public static StoredEvent Of(StoredEvent stored, Role role)
    {
        bool isOpenSecret = stored.Id.Topic == Events.Topics.Secret && stored.Event.TlsSecret is { Secret.IsEmpty: false };
        if (role > Role.Viewer && !isOpenSecret)
        {
            return stored;
        }

        // What this version does not know may be a payload.
        Event shown = Event.Parser.WithDiscardUnknownFields(true).ParseFrom(stored.Encoding.Span);
        Clear(shown, role);
        return new StoredEvent(stored.Id, stored.Time, shown.ToByteArray()) { Result = stored.Result };
    }

    private static void Clear(Event shown, Role role)
    {
        if (shown.TlsSecret is { } secret)
        {
            secret.Secret = ByteString.Empty;
        }

        if (role > Role.Viewer)
        {
            return;
        }

        if (shown.Truncation is { } cut)
        {
            cut.Sha256 = ByteString.Empty; // of a short command or statement it would tell which one it was
        }

        switch (shown.PayloadCase)
        {
            case Event.PayloadOneofCase.TlsData:
                shown.TlsData.Data = ByteString.Empty;
                break;
            case Event.PayloadOneofCase.Packet:
                shown.Packet.Data = ByteString.Empty;
                break;
            case Event.PayloadOneofCase.ShellCommand:
                shown.ShellCommand.Text = ByteString.Empty;
                shown.ShellCommand.Arguments.Clear();
                break;
            case Event.PayloadOneofCase.ProcessExec:
                shown.ProcessExec.Arguments.Clear();
                break;
            case Event.PayloadOneofCase.SqlStatement:
                shown.SqlStatement.Statement = ByteString.Empty;
                shown.SqlStatement.Parameters.Clear();
                shown.SqlStatement.ErrorMessage = ByteString.Empty;
                shown.SqlStatement.Name = ByteString.Empty;
                break;
            case Event.PayloadOneofCase.HttpExchange:
                Clear(shown.HttpExchange);
                break;
            case Event.PayloadOneofCase.WebSocketMessage:
                shown.WebSocketMessage.Data = ByteString.Empty;
                break;
            case Event.PayloadOneofCase.Access:
                shown.Access.Filter = ""; // what others searched for
                shown.Access.Reason = "";
                break;
            default:
                break;
        }
    }

    // Who was asked, how, with what outcome and how much: as of a connection. What was asked for is a payload.
    private static void Clear(HttpTransaction exchange)
    {
        exchange.Path = ByteString.Empty;
        exchange.RequestType = ByteString.Empty;
        exchange.ResponseType = ByteString.Empty;
        exchange.RequestHeaders.Clear();
        exchange.ResponseHeaders.Clear();
        exchange.RequestBody = ByteString.Empty;
        exchange.ResponseBody = ByteString.Empty;
    }
}
