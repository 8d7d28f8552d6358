using System.Globalization;
using System.Net;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Query.Formatting;

/// <summary>Parts of events as people write them.</summary>
internal static class EventView
{
    public static IMessage? Payload(Event e) => e.PayloadCase switch
    {
        Event.PayloadOneofCase.TlsData => e.TlsData,
        Event.PayloadOneofCase.TlsSecret => e.TlsSecret,
        Event.PayloadOneofCase.Packet => e.Packet,
        Event.PayloadOneofCase.ConnectionState => e.ConnectionState,
        Event.PayloadOneofCase.ConnectionLink => e.ConnectionLink,
        Event.PayloadOneofCase.ShellCommand => e.ShellCommand,
        Event.PayloadOneofCase.ShellResult => e.ShellResult,
        Event.PayloadOneofCase.ProcessExec => e.ProcessExec,
        Event.PayloadOneofCase.ProcessExit => e.ProcessExit,
        Event.PayloadOneofCase.SqlStatement => e.SqlStatement,
        Event.PayloadOneofCase.Checkpoint => e.Checkpoint,
        Event.PayloadOneofCase.Loss => e.Loss,
        Event.PayloadOneofCase.Coverage => e.Coverage,
        Event.PayloadOneofCase.AgentState => e.AgentState,
        _ => null,
    };

    /// <summary>The payload's name in the schema, <c>unknown</c> for one of a newer schema.</summary>
    public static string TypeName(Event e) => e.PayloadCase == Event.PayloadOneofCase.None
        ? "unknown"
        : Event.Descriptor.FindFieldByNumber((int)e.PayloadCase).Name;

    public static string Id(ulong id) => id.ToString("x16", CultureInfo.InvariantCulture);

    public static string Uuid(ByteString bytes) => bytes.Length == 16 ? new Guid(bytes.Span, bigEndian: true).ToString("D") : "";

    public static string Address(ByteString bytes) => bytes.Length is 4 or 16 ? new IPAddress(bytes.Span).ToString() : "";

    public static string EndPoint(ByteString address, uint port)
    {
        string text = Address(address);
        string host = text.Length == 0 ? "?" : text.Contains(':', StringComparison.Ordinal) ? $"[{text}]" : text;
        return string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
    }
}
