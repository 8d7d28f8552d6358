using System.Globalization;
using System.Net;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Events.Formatting;

/// <summary>Parts of events as people write them.</summary>
public static class EventView
{
    /// <summary>The payload, null for one of a newer schema.</summary>
    public static IMessage? Payload(Event e) => e.PayloadCase == Event.PayloadOneofCase.None
        ? null
        : (IMessage)Event.Descriptor.FindFieldByNumber((int)e.PayloadCase).Accessor.GetValue(e);

    /// <summary>The payload's name in the schema, <c>unknown</c> for one of a newer schema.</summary>
    public static string TypeName(Event e) => e.PayloadCase == Event.PayloadOneofCase.None
        ? "unknown"
        : Event.Descriptor.FindFieldByNumber((int)e.PayloadCase).Name;

    /// <summary>A 64-bit id: 16 hexadecimal digits.</summary>
    public static string Id(ulong id) => id.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>16 bytes in network order as a UUID; else nothing.</summary>
    public static string Uuid(ByteString bytes) => bytes.Length == 16 ? new Guid(bytes.Span, bigEndian: true).ToString("D") : "";

    /// <summary>4 or 16 bytes as an address; else nothing.</summary>
    public static string Address(ByteString bytes) => bytes.Length is 4 or 16 ? new IPAddress(bytes.Span).ToString() : "";

    /// <summary><c>127.0.0.1:443</c>, <c>[::1]:443</c>, <c>?:443</c>.</summary>
    public static string EndPoint(ByteString address, uint port)
    {
        string text = Address(address);
        string host = text.Length == 0 ? "?" : text.Contains(':', StringComparison.Ordinal) ? $"[{text}]" : text;
        return string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
    }
}
