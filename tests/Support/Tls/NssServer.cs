using System.Diagnostics;
using System.Globalization;

namespace ECapture.Tests.Support.Tls;

/// <summary>A real selfserv (NSS) on a free port, with a certificate of its own: answers every request with a page that repeats it.</summary>
public sealed class NssServer : IAsyncDisposable
{
    private const string Program = "/usr/bin/selfserv";
    private readonly ServerProcess _process;

    private NssServer(int port, ServerProcess process)
    {
        Port = port;
        _process = process;
    }

    public int Port { get; }

    public uint Pid => (uint)_process.Id;

    public string Url => string.Create(CultureInfo.InvariantCulture, $"https://localhost:{Port}/");

    /// <param name="folder">Where it keeps its key.</param>
    /// <param name="version">The TLS versions it offers: <c>tls1.2:tls1.2</c>.</param>
    public static async Task<NssServer> StartAsync(string folder, string version)
    {
        if (!File.Exists(Program))
        {
            throw new InvalidOperationException("selfserv is missing: run `make setup-test`, or: apt-get install libnss3-tools");
        }

        string database = "sql:" + Directory.CreateDirectory(Path.Combine(folder, "nss")).FullName;
        string noise = Path.Combine(folder, "noise");
        await File.WriteAllBytesAsync(noise, System.Security.Cryptography.RandomNumberGenerator.GetBytes(64));
        await RunAsync("certutil", "-N", "-d", database, "--empty-password");
        await RunAsync("certutil", "-S", "-d", database, "-n", "server", "-s", "CN=localhost", "-x", "-t", "C,C,C", "-z", noise, "-8", "localhost");
        int port = FreePort.Next();
        ServerProcess process = ServerProcess.Start(
            Program, ["-d", database, "-n", "server", "-p", port.ToString(CultureInfo.InvariantCulture), "-V", version, "-u"]);
        try
        {
            await process.WaitReadyAsync(
                _ => Task.FromResult(System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == port)),
                TimeSpan.FromSeconds(60), CancellationToken.None);
            return new NssServer(port, process);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{errors}");
        }
    }
}
