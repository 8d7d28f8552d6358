using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using ECapture.Events.Formatting;
using ECapture.Events.V1;
using ECapture.Terminal.Text;

namespace ECapture.Terminal.Json;

/// <summary>A JSON object per line: an HTTP exchange as such, everything else as the pipeline's events are (docs/query.md). Fields: docs/terminal.md.</summary>
/// <param name="live">How much is kept of one body, statement or command.</param>
internal sealed class ItemJsonFormat(Live<TextOptions> live) : IItemFormat
{
    // Not for HTML: quotes and controls are escaped, other text stays readable.
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    internal ItemJsonFormat(int mostBytes)
        : this(new Live<TextOptions>(new TextOptions(false, mostBytes, false)))
    {
    }

    /// <inheritdoc/>
    public void Write(TerminalItem item, IBufferWriter<byte> output)
    {
        int mostBytes = live.Current.MostBytes;
        using (Utf8JsonWriter json = new(output, s_options))
        {
            json.WriteStartObject();
            switch (item)
            {
                case ExchangeItem exchange:
                    HttpJson.Write(json, exchange, mostBytes);
                    break;
                case MessageItem message:
                    HttpJson.Write(json, message, mostBytes);
                    break;
                case CommandEndItem end:
                    EventJson.WriteFields(json, end.Origin, item.Topic);
                    JsonBytes.Write(json, "command_text", end.Command.ShellCommand.Text.Span);
                    break;
                default:
                    EventJson.WriteFields(json, Cut(item.Origin, mostBytes), item.Topic);
                    break;
            }

            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private static Event Cut(Event e, int mostBytes)
    {
        int length = e.PayloadCase switch
        {
            Event.PayloadOneofCase.TlsData => e.TlsData.Data.Length,
            Event.PayloadOneofCase.ShellCommand => e.ShellCommand.Text.Length,
            Event.PayloadOneofCase.SqlStatement => e.SqlStatement.Statement.Length,
            _ => 0,
        };
        if (mostBytes == 0 || length <= mostBytes)
        {
            return e;
        }

        Event cut = e.Clone();
        cut.Truncation ??= new Truncation { Length = (ulong)length };
        switch (cut.PayloadCase)
        {
            case Event.PayloadOneofCase.TlsData:
                cut.TlsData.Data = Google.Protobuf.ByteString.CopyFrom(cut.TlsData.Data.Span[..mostBytes]);
                break;
            case Event.PayloadOneofCase.ShellCommand:
                cut.ShellCommand.Text = Google.Protobuf.ByteString.CopyFrom(cut.ShellCommand.Text.Span[..mostBytes]);
                break;
            default:
                cut.SqlStatement.Statement = Google.Protobuf.ByteString.CopyFrom(cut.SqlStatement.Statement.Span[..mostBytes]);
                break;
        }

        return cut;
    }
}
