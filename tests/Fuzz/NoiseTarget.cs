using ECapture.Protocols.Http;

namespace ECapture.Fuzz;

/// <summary>Random bytes behind the starts that select each parser.</summary>
public sealed class NoiseTarget : IFuzzTarget
{
    private static readonly byte[][] s_starts =
    [
        [], "HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), "GET / HTTP/1.1\r\n"u8.ToArray(), Frames.Preface, [0, 0, 0, 4, 0, 0, 0, 0, 0],
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"u8.ToArray(),
        "HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n"u8.ToArray(),
    ];

    public string Name => "noise";

    public (long Fed, long Kept) Run(Random random)
    {
        var run = new HttpRun((HttpRole)random.Next(3), random.Next(2) == 0);
        byte[] noise = new byte[random.Next(1, 20_000)];
        random.NextBytes(noise);
        int zeros = random.Next(4);
        for (int i = 0; i < noise.Length; i++)
        {
            // Zeros and small numbers make frame headers likely.
            noise[i] = zeros == 0 ? noise[i] : noise[i] < zeros * 70 ? (byte)0 : (byte)(noise[i] & 15);
        }

        run.Feed(HttpDirection.Sent, s_starts[random.Next(s_starts.Length)]);
        run.Feed(HttpDirection.Received, s_starts[random.Next(s_starts.Length)]);
        for (int at = 0; at < noise.Length;)
        {
            int piece = Math.Min(noise.Length - at, random.Next(1, 4000));
            run.Feed((HttpDirection)random.Next(2), noise.AsSpan(at, piece));
            at += piece;
        }

        run.Close();
        return (run.Fed, run.MostKept);
    }
}
