using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ECapture.Policies;
using ECapture.Policies.Redaction;

namespace ECapture.Benchmarks.Policies;

/// <summary>
/// What looking for secrets costs, beside the SHA-256 that every event pays for its checkpoint: processor time of this process for the same bytes, so that
/// the ratio holds on a busy machine.
/// </summary>
internal static class RedactionBenchmark
{
    private const int Megabytes = 64;
    private const int PieceBytes = 16 * 1024; // as the kernel gives plaintext

    private static readonly (string Name, string Rules)[] s_sets =
    [
        ("card-number", "\"card-number\""),
        ("bearer-token", "\"bearer-token\""),
        ("cookie", "\"cookie\""),
        ("sql-password", "\"sql-password\""),
        ("shell-password", "\"shell-password\""),
        ("all named rules", "\"card-number\",\"bearer-token\",\"cookie\",\"sql-password\",\"shell-password\""),
        ("own pattern B-[0-9]{6}", "{\"name\":\"own\",\"pattern\":\"B-[0-9]{6}\"}"),
    ];

    internal static int Run()
    {
        byte[] text = Sample();
        double sha = Measure(text, static piece => SHA256.HashData(piece, stackalloc byte[SHA256.HashSizeInBytes]));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Megabytes} MB of HTTP/1 in pieces of 16 KiB; per CPU second, and times the SHA-256 of the same bytes"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"SHA-256",-24} {Megabytes / sha,8:F0} MB/s"));
        foreach ((string name, string rules) in s_sets)
        {
            Policy policy = Policy.Read(Encoding.UTF8.GetBytes("{\"modules\":{\"tls\":{\"redact\":[" + rules + "]}}}"), null, Policy.LargestKeep).Policy!;
            Redactor redactor = Redactor.For(policy.For("tls"))!;
            double time = Measure(text, piece => redactor.Find(piece, TextShape.Lines));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-24} {Megabytes / time,8:F0} MB/s   x {time / sha:F2}"));
        }

        return 0;
    }

    private delegate void Look(ReadOnlySpan<byte> piece);

    private static double Measure(byte[] text, Look look)
    {
        Pass(text, look); // compiled, buffers grown
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        for (int i = 0; i < Megabytes * 1_000_000 / text.Length; i++)
        {
            Pass(text, look);
        }

        return (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
    }

    private static void Pass(byte[] text, Look look)
    {
        for (int at = 0; at < text.Length; at += PieceBytes)
        {
            look(text.AsSpan(at, Math.Min(PieceBytes, text.Length - at)));
        }
    }

    // Requests with a session, answers of JSON with numbers in them: what rules look at, now and then what they look for.
    private static byte[] Sample()
    {
        Random random = new(1);
        StringBuilder text = new();
        while (text.Length < 1_000_000)
        {
            text.Append(CultureInfo.InvariantCulture, $"GET /api/v1/orders/{random.Next()}?since={random.Next()} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: load/1.0\r\n");
            text.Append(CultureInfo.InvariantCulture, $"Authorization: Bearer {random.NextInt64():x}{random.NextInt64():x}\r\nCookie: sid={random.NextInt64():x}\r\nAccept: */*\r\n\r\n");
            text.Append("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"orders\":[");
            for (int i = 0; i < 20; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{{\"id\":{random.NextInt64()},\"at\":\"2026-11-20T10:00:00Z\",\"total\":{random.NextDouble()},\"note\":\"left at the door of the house\"}},");
            }

            text.Append("]}\r\n");
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, 1_000_000));
    }
}
