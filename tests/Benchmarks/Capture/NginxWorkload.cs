using System.Globalization;
using System.Text.RegularExpressions;
using ECapture.Events.V1;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Tls;

namespace ECapture.Benchmarks.Capture;

/// <summary>nginx with a page of 1 KB over TLS, keep-alive, 32 connections of wrk.</summary>
internal sealed partial class NginxWorkload : IWorkload
{
    private const string Library = "/usr/lib/x86_64-linux-gnu/libssl.so.3";
    private readonly string _folder;
    private readonly int _port;
    private readonly ServerProcess _nginx;

    private NginxWorkload(string folder, int port, ServerProcess nginx)
    {
        _folder = folder;
        _port = port;
        _nginx = nginx;
    }

    public string Name => "nginx";

    public string Unit => "requests";

    // What the agent's plaintext needs at the least, and all that it attaches to.
    public IReadOnlyList<CaptureMode> Modes { get; } =
    [
        new("floor: bpftrace counts SSL_read (entry, return), SSL_write (entry)", Floor: Count("SSL_read") + CountReturn("SSL_read") + Count("SSL_write")),
        new("floor: the same and the return of SSL_write", Floor: Count("SSL_read") + CountReturn("SSL_read") + Count("SSL_write") + CountReturn("SSL_write")),
        new("agent: secrets and packets", ["--modules", "tls,packet", "--interface", "lo", "--no-plaintext"]),
        new("agent: plaintext", ["--modules", "tls"], IsCounted: true),
        new("agent: every module, plaintext and packets", ["--interface", "lo"], IsCounted: true),
        new("agent: every module, plaintext and packets, 10,000 requests/s asked for", ["--interface", "lo"], IsCounted: true, PerSecond: 10_000),
    ];

    public static async Task<NginxWorkload> StartAsync()
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-bench-").FullName;
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        TestCertificate certificate = TestCertificate.Create(folder);
        int port = FreePort.Next();
        File.WriteAllText(Path.Combine(folder, "page"), new string('p', 1024));
        string configuration = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(configuration, $$"""
            user root;
            worker_processes 2;
            daemon off;
            pid {{folder}}/pid;
            error_log {{folder}}/error.log;
            events { worker_connections 256; }
            http {
                access_log off;
                keepalive_requests 1000000000;
                server {
                    listen 127.0.0.1:{{port}} ssl;
                    ssl_certificate {{certificate.CertificatePath}};
                    ssl_certificate_key {{certificate.KeyPath}};
                    root {{folder}};
                }
            }
            """);
        ServerProcess nginx = ServerProcess.Start("/usr/sbin/nginx", ["-c", configuration, "-p", folder]);
        NginxWorkload workload = new(folder, port, nginx);
        await nginx.WaitReadyAsync(
            _ => Task.FromResult(System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == port)),
            TimeSpan.FromSeconds(30), CancellationToken.None);
        return workload;
    }

    public async Task<(long Count, double Seconds)> LoadAsync(int seconds, int perSecond = 0)
    {
        string[] pace = perSecond > 0 ? ["-s", WritePace(perSecond)] : [];
        string output = await Tool.RunAsync("wrk", ["-t", "1", "-c", "32", "-d", Text(seconds), .. pace, $"https://127.0.0.1:{Text(_port)}/page"]);
        Match requests = Requests().Match(output);
        Match rate = Rate().Match(output);
        if (!requests.Success || !rate.Success || output.Contains("Socket errors", StringComparison.Ordinal))
        {
            throw new InvalidOperationException("wrk said: " + output);
        }

        long count = long.Parse(requests.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return (count, count / double.Parse(rate.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
    }

    // nginx reads one request at a time.
    public bool IsCaptured(Event e) =>
        e.TlsData is { Direction: Direction.Received } data && e.Flow?.LocalPort == _port && data.Data.Span.StartsWith("GET /page"u8);

    public async ValueTask DisposeAsync()
    {
        await _nginx.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    // Each request has its time, a constant one after the last's; wrk asks how many milliseconds to wait. Who comes late hurries, but does not make up for more than a tenth of a second.
    private string WritePace(int perSecond)
    {
        string path = Path.Combine(_folder, "pace.lua");
        File.WriteAllText(path, $$"""
            local ffi = require("ffi")
            ffi.cdef[[ struct time { long seconds; long nanoseconds; }; int clock_gettime(int clock, struct time *time); ]]
            local monotonic, time, due = 1, ffi.new("struct time"), nil
            function delay()
               ffi.C.clock_gettime(monotonic, time)
               local now = tonumber(time.seconds) * 1000 + tonumber(time.nanoseconds) / 1e6
               if due == nil or now > due + 100 then due = now end
               due = due + 1000 / {{Text(perSecond)}}
               return math.max(0, due - now)
            end
            """);
        return path;
    }

    private static string Count(string function) => $"uprobe:{Library}:{function} {{ @[0] = count(); }} ";

    private static string CountReturn(string function) => $"uretprobe:{Library}:{function} {{ @[1] = count(); }} ";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();
}
