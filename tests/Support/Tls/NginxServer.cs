using System.Globalization;
using System.Net.Sockets;

namespace ECapture.Tests.Support.Tls;

/// <summary>
/// A real nginx on free ports of the loopback: TLS 1.2 and 1.3, HTTP/1.1 and HTTP/2, files to get from <see cref="Files"/> and to put there; /echo/… answers with its own path.
/// Its access log says the client's port and the marker header of every request.
/// </summary>
public sealed class NginxServer : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly string _folder;
    private readonly ServerProcess _process;

    private NginxServer(string folder, int port, ServerProcess process)
    {
        _folder = folder;
        Port = port;
        _process = process;
    }

    public int Port { get; }

    /// <summary>Also listens here, on ::1.</summary>
    public string Url => $"https://127.0.0.1:{Port}";

    public string Ipv6Url => $"https://[::1]:{Port}";

    public string CertificatePath => Path.Combine(_folder, "cert.pem");

    public string Files => Path.Combine(_folder, "files");

    /// <summary>The master's pid.</summary>
    public int Id => _process.Id;

    /// <param name="http2">Offers HTTP/2.</param>
    /// <param name="environment">Of the server.</param>
    public static async Task<NginxServer> StartAsync(bool http2 = true, IReadOnlyDictionary<string, string>? environment = null)
    {
        const string Program = "/usr/sbin/nginx";
        if (!File.Exists(Program))
        {
            throw new InvalidOperationException("nginx is missing: run `make setup`, or: apt-get install nginx");
        }

        string folder = Directory.CreateTempSubdirectory("ecapture-nginx").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "files"));
        TestCertificate certificate = TestCertificate.Create(folder);
        int port = FreePort.Next();
        string configuration = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(configuration, Configuration(folder, port, http2, certificate));
        ServerProcess process = ServerProcess.Start(Program, ["-p", folder, "-c", configuration, "-g", "daemon off;"], environment);
        NginxServer server = new(folder, port, process);
        try
        {
            await process.WaitReadyAsync(server.AnswersAsync, TimeSpan.FromSeconds(60), CancellationToken.None);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The requests so far: (client address, client port, protocol, marker, path).</summary>
    public IReadOnlyList<NginxRequest> Requests()
    {
        string log = Path.Combine(_folder, "access.log");
        return !File.Exists(log)
            ? []
            : [.. File.ReadAllLines(log).Select(l => l.Split(' ')).Where(p => p.Length == 5)
                .Select(p => new NginxRequest(p[0], int.Parse(p[1], CultureInfo.InvariantCulture), p[2], p[3], p[4]))];
    }

    /// <summary>The one request with a marker; the log is written after the answer.</summary>
    public async Task<NginxRequest> RequestAsync(string marker) => (await RequestsAsync(marker, 1))[0];

    /// <summary>The requests with a marker, once there are so many.</summary>
    /// <exception cref="TimeoutException">There were not; says how many.</exception>
    public async Task<IReadOnlyList<NginxRequest>> RequestsAsync(string marker, int count)
    {
        long end = Environment.TickCount64 + (long)s_patience.TotalMilliseconds;
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(10));
        while (true)
        {
            NginxRequest[] requests = [.. Requests().Where(r => r.Marker == marker)];
            if (requests.Length >= count)
            {
                return requests;
            }

            if (Environment.TickCount64 > end)
            {
                throw new TimeoutException($"nginx logged {requests.Length} requests with marker {marker} within {s_patience}, not {count}");
            }

            await timer.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using TcpClient client = new();
        try
        {
            await client.ConnectAsync("127.0.0.1", Port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Configuration(string folder, int port, bool http2, TestCertificate certificate) => $$"""
        user root;
        worker_processes 1;
        pid {{folder}}/nginx.pid;
        error_log {{folder}}/error.log;
        events { worker_connections 256; }
        http {
            log_format tests '$remote_addr $remote_port $ssl_protocol $http_x_marker $request_uri';
            access_log {{folder}}/access.log tests;
            client_body_temp_path {{folder}}/body;
            proxy_temp_path {{folder}}/proxy;
            fastcgi_temp_path {{folder}}/fastcgi;
            uwsgi_temp_path {{folder}}/uwsgi;
            scgi_temp_path {{folder}}/scgi;
            client_max_body_size 0;
            keepalive_requests 10000;
            server {
                listen 127.0.0.1:{{port}} ssl{{(http2 ? " http2" : "")}};
                listen [::1]:{{port}} ssl{{(http2 ? " http2" : "")}};
                ssl_certificate {{certificate.CertificatePath}};
                ssl_certificate_key {{certificate.KeyPath}};
                ssl_protocols TLSv1.2 TLSv1.3;
                root {{folder}}/files;
                location / { dav_methods PUT; }
                location /echo/ { default_type text/plain; return 200 $request_uri; }
            }
        }
        """;
}
