using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ECapture.Fuzz;

/// <summary>Writes what the parsers read: HTTP/2 and WebSocket frames, literal header blocks, coded bodies.</summary>
public static class Frames
{
    public static byte[] Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    public static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);

    public static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(static p => p)];

    /// <summary>RFC 9113 section 4.1.</summary>
    public static byte[] Frame(int type, int flags, int stream, params byte[][] payload)
    {
        byte[] body = Join(payload);
        byte[] frame = [(byte)(body.Length >> 16), (byte)(body.Length >> 8), (byte)body.Length, (byte)type, (byte)flags, 0, 0, 0, 0, .. body];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        return frame;
    }

    /// <summary>Fields as literals without indexing (RFC 7541 section 6.2.2), names and values below 127 bytes.</summary>
    public static byte[] Literals(params (string Name, string Value)[] fields) =>
        Join([.. fields.Select(static f => Join([[0x00, (byte)f.Name.Length], Text(f.Name), [(byte)f.Value.Length], Text(f.Value)]))]);

    /// <summary>RFC 6455 section 5.2.</summary>
    public static byte[] WebSocket(int first, byte[] payload, bool masked)
    {
        byte[] mask = masked ? [0x37, 0xfa, 0x21, 0x3d] : [];
        byte[] length = payload.Length < 126 ? [(byte)payload.Length]
            : payload.Length < 65536 ? [126, (byte)(payload.Length >> 8), (byte)payload.Length]
            : [127, 0, 0, 0, 0, (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length];
        length[0] |= masked ? (byte)0x80 : (byte)0;
        byte[] body = masked ? [.. payload.Select((b, i) => (byte)(b ^ mask[i & 3]))] : payload;
        return [(byte)first, .. length, .. mask, .. body];
    }

    public static byte[] Gzip(byte[] plain) => Coded(plain, static s => new GZipStream(s, CompressionLevel.Optimal, true));

    public static byte[] Zlib(byte[] plain) => Coded(plain, static s => new ZLibStream(s, CompressionLevel.Optimal, true));

    public static byte[] Deflate(byte[] plain) => Coded(plain, static s => new DeflateStream(s, CompressionLevel.Optimal, true));

    public static byte[] Brotli(byte[] plain) => Coded(plain, static s => new BrotliStream(s, CompressionLevel.Fastest, true));

    /// <summary>Messages deflated with one window, each without its tail (RFC 7692 section 7.2.1).</summary>
    public static byte[][] DeflatedMessages(params byte[][] messages)
    {
        using var target = new MemoryStream();
        using var deflater = new DeflateStream(target, CompressionLevel.Optimal, true);
        var result = new List<byte[]>();
        foreach (byte[] message in messages)
        {
            target.SetLength(0);
            deflater.Write(message);
            deflater.Flush(); // a sync flush: ends in 00 00 ff ff
            result.Add(target.ToArray()[..^4]);
        }

        return [.. result];
    }

    private static byte[] Coded(byte[] plain, Func<Stream, Stream> open)
    {
        using var target = new MemoryStream();
        using (Stream coder = open(target))
        {
            coder.Write(plain);
        }

        return target.ToArray();
    }
}
