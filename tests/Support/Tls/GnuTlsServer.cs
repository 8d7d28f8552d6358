using System.Globalization;

namespace ECapture.Tests.Support.Tls;

/// <summary>A real gnutls-serv on a free port: answers every request with a page about the session.</summary>
public sealed class GnuTlsServer : IAsyncDisposable
{
    private readonly ServerProcess _process;

    private GnuTlsServer(int port, ServerProcess process)
    {
        Port = port;
        _process = process;
    }

    public int Port { get; }

    public uint Pid => (uint)_process.Id;

    public string Url => string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{Port}/");

    /// <param name="certificate">Its certificate.</param>
    /// <param name="priority">GnuTLS's priority string: the versions and suites it offers.</param>
    public static async Task<GnuTlsServer> StartAsync(TestCertificate certificate, string priority)
    {
        const string Program = "/usr/bin/gnutls-serv";
        if (!File.Exists(Program))
        {
            throw new InvalidOperationException("gnutls-serv is missing: run `make setup-test`, or: apt-get install gnutls-bin");
        }

        int port = FreePort.Next();
        ServerProcess process = ServerProcess.Start(Program,
        [
            "--http", "--disable-client-cert", "--port", port.ToString(CultureInfo.InvariantCulture), "--priority", priority,
            "--x509certfile", certificate.CertificatePath, "--x509keyfile", certificate.KeyPath,
        ]);
        GnuTlsServer server = new(port, process);
        try
        {
            // It is quiet when its output is no terminal: the kernel says whether it listens.
            await process.WaitReadyAsync(_ => Task.FromResult(server.Listens()), TimeSpan.FromSeconds(60), CancellationToken.None);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private bool Listens() =>
        System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == Port);
}
