namespace ECapture.Fuzz;

/// <summary>Changes bytes the way parsers break: flipped bits, cut, repeated and joined pieces, numbers at their limits.</summary>
public static class Mutator
{
    private static readonly byte[][] s_tokens =
    [
        "\r\n"u8.ToArray(), "\r\n\r\n"u8.ToArray(), "\0"u8.ToArray(), " HTTP/1.1\r\n"u8.ToArray(), "HTTP/1.1 200 OK\r\n"u8.ToArray(), "GET / HTTP/1.1\r\n"u8.ToArray(),
        "Transfer-Encoding: chunked\r\n"u8.ToArray(), "Content-Length: 99999999999999\r\n"u8.ToArray(), "Content-Length: 7\r\n"u8.ToArray(),
        "fffffffffffffff\r\n"u8.ToArray(), "0\r\n\r\n"u8.ToArray(), "Upgrade: websocket\r\n"u8.ToArray(), "Upgrade: h2c\r\n"u8.ToArray(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), [0, 0, 0, 1, 5, 0, 0, 0, 1], [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0], [0xff, 0xff, 0xff, 0xff],
        [0x7f, 0xff, 0xff, 0xff], [0x80, 0, 0, 0], [0x3f, 0xe1, 0xff, 0x03], [0x20], [0x82], [0xbe], [0xff, 0x80, 0x80, 0x80, 0x80, 0x00],
    ];

    public static byte[] Change(byte[] bytes, Random random)
    {
        var result = new List<byte>(bytes);
        for (int changes = random.Next(1, 8); changes > 0; changes--)
        {
            int at = random.Next(result.Count + 1);
            int length = Math.Min(result.Count - at, random.Next(1, 40));
            switch (random.Next(7))
            {
                case 0 when at < result.Count:
                    result[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < result.Count:
                    result[at] = (byte)random.Next(256);
                    break;
                case 2:
                    result.RemoveRange(at, length);
                    break;
                case 3:
                    result.InsertRange(at, [.. result.GetRange(at, length)]);
                    break;
                case 4:
                    result.InsertRange(at, s_tokens[random.Next(s_tokens.Length)]);
                    break;
                case 5:
                    var noise = new byte[length];
                    random.NextBytes(noise);
                    result.InsertRange(at, noise);
                    break;
                case 6 when random.Next(8) == 0:
                    result.InsertRange(at, Enumerable.Repeat((byte)random.Next(256), random.Next(100_000)));
                    break;
            }
        }

        return [.. result];
    }
}
