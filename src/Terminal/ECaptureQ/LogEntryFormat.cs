using System.Buffers;
using System.Globalization;
using System.Text;
using ECapture.Events.Formatting;
using ECapture.Events.V1;
using ECapture.Protocols.Http;
using Google.Protobuf;

namespace ECapture.Terminal.ECaptureQ;

/// <summary>
/// Items as messages of eCaptureQ's protocol: <c>LogEntry{1 log_type, 2 event, 3 heartbeat, 4 run log}</c> with
/// <c>Event{1 timestamp, 2 uuid, 3 src_ip, 4 src_port, 5 dst_ip, 6 dst_port, 7 pid, 8 pname, 9 type, 10 length, 11 payload}</c>. The payload is the
/// item as text mode shows it; src is the end on this host.
/// </summary>
/// <param name="text">Makes the payload.</param>
internal sealed class LogEntryFormat(IItemFormat text) : IItemFormat
{
    private const uint EventType = 2;
    private const uint RunLogType = 1;

    private readonly ArrayBufferWriter<byte> _payload = new();

    /// <summary>What the payload is, by the field <c>type</c>.</summary>
    private enum PayloadType : uint
    {
        Other = 0,
        Http1 = 1,
        Http2 = 2,
        WebSocket = 3,
        Plaintext = 4,
        Statement = 5,
        Command = 6,
    }

    /// <inheritdoc/>
    public void Write(TerminalItem item, IBufferWriter<byte> output)
    {
        _payload.ResetWrittenCount();
        text.Write(item, _payload);
        if (item is NoticeItem)
        {
            output.Write(RunLog(Encoding.UTF8.GetString(_payload.WrittenSpan).TrimEnd('\n')));
            return;
        }

        using MemoryStream message = new();
        using (CodedOutputStream fields = new(message, leaveOpen: true))
        {
            WriteEvent(fields, item, _payload.WrittenSpan);
        }

        output.Write(Entry(EventType, 2, message.ToArray()));
    }

    /// <summary>A heartbeat.</summary>
    /// <param name="unixNs">Now, nanoseconds of the epoch.</param>
    /// <param name="count">How many came before on this connection.</param>
    internal static byte[] Heartbeat(long unixNs, long count)
    {
        using MemoryStream message = new();
        using (CodedOutputStream fields = new(message, leaveOpen: true))
        {
            Number(fields, 1, (ulong)unixNs);
            Number(fields, 2, (ulong)count);
            Text(fields, 3, "heartbeat");
        }

        return Entry(0, 3, message.ToArray());
    }

    /// <summary>Something that the command says of itself.</summary>
    internal static byte[] RunLog(string line) => Entry(RunLogType, 4, Encoding.UTF8.GetBytes(line));

    private static void WriteEvent(CodedOutputStream fields, TerminalItem item, ReadOnlySpan<byte> payload)
    {
        Event origin = item.Origin;
        Process? process = item is CommandEndItem end ? end.Command.Process : origin.Process;
        Number(fields, 1, origin.WallNs);
        string stream = item is ExchangeItem exchange ? string.Create(CultureInfo.InvariantCulture, $"/{exchange.Exchange.StreamId}") : "";
        Text(fields, 2, string.Create(CultureInfo.InvariantCulture, $"{EventView.Uuid(origin.Run)}/{origin.Topic}/{origin.Partition}/{origin.Sequence}{stream}"));
        if (origin.Flow is { } flow)
        {
            Text(fields, 3, EventView.Address(flow.LocalAddress));
            Number(fields, 4, flow.LocalPort);
            Text(fields, 5, EventView.Address(flow.RemoteAddress));
            Number(fields, 6, flow.RemotePort);
        }

        Number(fields, 7, process?.Pid ?? 0);
        Text(fields, 8, process is null ? "" : Printable.Of(process.Name.Span));
        Number(fields, 9, (uint)TypeOf(item));
        Number(fields, 10, (uint)payload.Length);
        fields.WriteTag(11, WireFormat.WireType.LengthDelimited);
        fields.WriteBytes(ByteString.CopyFrom(payload));
    }

    private static PayloadType TypeOf(TerminalItem item) => item switch
    {
        ExchangeItem exchange => (exchange.Exchange.Request?.Protocol ?? exchange.Exchange.Response?.Protocol) == HttpProtocol.Http2 ? PayloadType.Http2 : PayloadType.Http1,
        MessageItem => PayloadType.WebSocket,
        DataItem => PayloadType.Plaintext,
        StatementItem => PayloadType.Statement,
        CommandItem or CommandEndItem => PayloadType.Command,
        _ => PayloadType.Other,
    };

    private static byte[] Entry(uint type, int field, byte[] content)
    {
        using MemoryStream message = new();
        using (CodedOutputStream fields = new(message, leaveOpen: true))
        {
            Number(fields, 1, type);
            fields.WriteTag(field, WireFormat.WireType.LengthDelimited);
            fields.WriteBytes(UnsafeByteOperations.UnsafeWrap(content));
        }

        return message.ToArray();
    }

    private static void Number(CodedOutputStream fields, int field, ulong value)
    {
        if (value != 0)
        {
            fields.WriteTag(field, WireFormat.WireType.Varint);
            fields.WriteUInt64(value);
        }
    }

    private static void Text(CodedOutputStream fields, int field, string value)
    {
        if (value.Length > 0)
        {
            fields.WriteTag(field, WireFormat.WireType.LengthDelimited);
            fields.WriteString(value);
        }
    }
}
