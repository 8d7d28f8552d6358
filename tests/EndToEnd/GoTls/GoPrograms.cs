using System.Globalization;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Go;
using ECapture.Tests.Support.Tls;
using Process = System.Diagnostics.Process;
using ProcessStartInfo = System.Diagnostics.ProcessStartInfo;

namespace ECapture.Tests.EndToEnd.GoTls;

/// <summary>https.go, compiled in every way that is tested, and run as client and as server.</summary>
public sealed class GoPrograms : IAsyncLifetime
{
    private static readonly Dictionary<string, string[]> s_builds = new()
    {
        ["normal"] = [],
        ["stripped"] = ["-ldflags", "-s -w"],
        ["pie"] = ["-buildmode=pie"],
        ["pie-stripped"] = ["-buildmode=pie", "-ldflags", "-s -w"],
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-go").FullName;

    /// <summary>Path of a build.</summary>
    public string this[string build] => Path.Combine(_folder, "https-" + build);

    public async ValueTask InitializeAsync()
    {
        string source = Path.Combine(AppContext.BaseDirectory, "GoTls", "https.go");
        foreach ((string build, string[] flags) in s_builds)
        {
            await GoCompiler.BuildAsync(source, this[build], flags);
        }
    }

    /// <summary>A file of the same content that nobody has run yet.</summary>
    public string Copy(string build, string name)
    {
        string copy = Path.Combine(_folder, name);
        File.Copy(this[build], copy);
        return copy;
    }

    /// <summary>Runs the client to its end.</summary>
    internal Task<CurlRun> RunClientAsync(string program, string certificate, string tls, params string[] arguments) =>
        RunAsync("client", program, certificate, tls, arguments);

    /// <summary>Runs a client of any kind to its end.</summary>
    internal async Task<CurlRun> RunAsync(string mode, string program, string certificate, string tls, params string[] arguments)
    {
        string keyLog = Path.Combine(_folder, Guid.NewGuid().ToString("n"));
        ProcessStartInfo start = new(program, [mode, "-ca", certificate, "-keylog", keyLog, "-tls", tls, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        using Process client = Process.Start(start)!;
        Task<string> errors = client.StandardError.ReadToEndAsync();
        using MemoryStream output = new();
        await client.StandardOutput.BaseStream.CopyToAsync(output);
        await client.WaitForExitAsync();
        return client.ExitCode == 0
            ? new CurlRun((uint)client.Id, output.ToArray(), KeyLog.Read(keyLog), watch.Elapsed)
            : throw new InvalidOperationException($"the client ended with {client.ExitCode}: {await errors}");
    }

    /// <summary>Starts the server.</summary>
    internal Task<GoServer> StartServerAsync(string program, string tls) =>
        StartServerAsync(program, tls, Directory.CreateDirectory(Path.Combine(_folder, Guid.NewGuid().ToString("n"))).FullName);

    /// <summary>Starts a server with its files in a folder.</summary>
    internal static async Task<GoServer> StartServerAsync(string program, string tls, string folder)
    {
        TestCertificate certificate = TestCertificate.Create(folder);
        string keyLog = Path.Combine(folder, "keylog");
        ServerProcess process = ServerProcess.Start(
            program, ["server", "-cert", certificate.CertificatePath, "-key", certificate.KeyPath, "-keylog", keyLog, "-tls", tls, "-files", folder]);
        await process.WaitReadyAsync(
            _ => Task.FromResult(process.Output.Contains("port ", StringComparison.Ordinal)), TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        int port = int.Parse(process.Output.Trim()["port ".Length..], CultureInfo.InvariantCulture);
        return new GoServer(process, port, folder, certificate.CertificatePath, keyLog);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>A running server of https.go; its files are in <paramref name="Folder"/>.</summary>
internal sealed record GoServer(ServerProcess Process, int Port, string Folder, string CertificatePath, string KeyLogPath) : IAsyncDisposable
{
    internal string Url => string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{Port}");

    internal uint Pid => (uint)Process.Id;

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
