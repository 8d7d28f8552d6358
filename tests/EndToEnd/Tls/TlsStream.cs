using System.Text;
using ECapture.Events.V1;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>One direction of a connection, put together from its events by their offsets.</summary>
internal static class TlsStream
{
    internal static Event[] Data(IEnumerable<Event> events, Func<Event, bool> process, Direction direction) =>
        [.. events.Where(e => e.TlsData?.Direction == direction && process(e))];

    /// <summary>The bytes; fails where they do not follow each other.</summary>
    internal static byte[] Join(IEnumerable<Event> data)
    {
        using MemoryStream joined = new();
        foreach (Event e in data)
        {
            Assert.Equal((ulong)joined.Length, e.TlsData.Offset);
            Assert.InRange(e.TlsData.Data.Length, 1, 16384);
            Assert.Null(e.Truncation);
            joined.Write(e.TlsData.Data.Span);
        }

        return joined.ToArray();
    }

    /// <summary>What follows the header of an HTTP/1.1 message.</summary>
    internal static byte[] Http1Body(byte[] stream)
    {
        int end = stream.AsSpan().IndexOf("\r\n\r\n"u8);
        Assert.True(end > 0, "no end of an HTTP header in " + Encoding.Latin1.GetString(stream.AsSpan(0, Math.Min(200, stream.Length))));
        return stream[(end + 4)..];
    }

    /// <summary>The payload of the DATA frames of an HTTP/2 direction (RFC 9113, section 4.1).</summary>
    internal static byte[] Http2Data(ReadOnlySpan<byte> stream)
    {
        const int FrameHeader = 9;
        ReadOnlySpan<byte> preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;
        stream = stream.StartsWith(preface) ? stream[preface.Length..] : stream;
        using MemoryStream joined = new();
        while (stream.Length >= FrameHeader)
        {
            int length = (stream[0] << 16) | (stream[1] << 8) | stream[2];
            Assert.True(stream.Length >= FrameHeader + length, "a frame is cut");
            if (stream[3] == 0)
            {
                joined.Write(stream.Slice(FrameHeader, length));
            }

            stream = stream[(FrameHeader + length)..];
        }

        Assert.Equal(0, stream.Length);
        return joined.ToArray();
    }

    internal static bool Contains(Event e, string text) => e.TlsData?.Data.Span.IndexOf(Encoding.ASCII.GetBytes(text)) >= 0;
}
