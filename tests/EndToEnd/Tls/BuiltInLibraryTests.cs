using System.Globalization;
using ECapture.Capture;
using ECapture.Capture.Filters;
using ECapture.Events.V1;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;
using Microsoft.Extensions.Logging;
using Process = System.Diagnostics.Process;
using ProcessStartInfo = System.Diagnostics.ProcessStartInfo;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>Programs that have their TLS library built in, stripped of all names: they are found by what they hold.</summary>
[Collection(CaptureCollection.Name)]
public sealed class BuiltInLibraryTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-builtin").FullName;
    private readonly string _marker = $"m{Guid.NewGuid():n}";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Capture_StrippedStaticClient_SecretsDecryptWhatItSent()
    {
        string program = Path.Combine(_folder, "client");
        await CompileAsync(program, isStripped: true);
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, _marker), "page");
        using SaidMessages said = new();
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(said));
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["tls"] }, loggers: loggers);
        await using WireCapture wire = await WireCapture.StartAsync(_folder, nginx.Port);
        using ScriptProcess client = ScriptProcess.Start(program, [nginx.Port.ToString(CultureInfo.InvariantCulture), "/" + _marker]);
        Assert.Equal("started", await client.ReadLineAsync());
        await said.WaitForAsync(s_patience, TestContext.Current.CancellationToken, "TLS library", program, "probes");

        client.WriteLine("go");
        Assert.Equal("HTTP/1.1 200 OK", await client.ReadLineAsync());
        await wire.WaitForEndsAsync(1); // the server's; the client has gone by then
        IReadOnlyList<Event> events = await session.StopAsync();

        IReadOnlyList<string> secrets = KeyLog.Of(events.Where(e => e.Process?.Pid == client.Pid));
        Assert.Equal(5, secrets.Count);
        Assert.Contains("/" + _marker, await wire.DecryptAsync(secrets), StringComparison.Ordinal);
        Assert.Contains(
            events, e => e.Coverage?.Target.ToStringUtf8().Contains(program, StringComparison.Ordinal) == true && e.Process?.Pid == client.Pid
                && e.Coverage.Reason.Contains("began before its probes stood", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)] // its functions have names: plaintext, too
    [InlineData(true)] // nobody sees which object it uses: found in the process's memory
    public async Task Capture_StaticClientsConnectionOlderThanTheAgent_IsWhatItSaysOnceANewerOneHasTaught(bool isStripped)
    {
        string program = Path.Combine(_folder, "client");
        await CompileAsync(program, isStripped);
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        string[] arguments = [nginx.Port.ToString(CultureInfo.InvariantCulture), "/page", "keep"];
        using ScriptProcess old = ScriptProcess.Start(program, arguments);
        Assert.Equal("started", await old.ReadLineAsync());
        uint port = await ConnectAsync(old);
        await AskAsync(old, "before");
        using ScriptProcess newer = ScriptProcess.Start(program, arguments);
        Assert.Equal("started", await newer.ReadLineAsync());
        using SaidMessages said = new();
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(said));
        // Not the server: else its end of the connection might be proved first.
        await using CaptureSession session = await CaptureSession.StartAsync(
            new CaptureOptions { Modules = ["tls", "packet"], Interfaces = ["lo"], Filter = new CaptureFilter(new CaptureRules { Pids = [old.Pid, newer.Pid] }, isFixed: true) }, loggers: loggers);
        await said.WaitForAsync(s_patience, TestContext.Current.CancellationToken, "TLS library", program, "probes");

        await AskAsync(old, _marker);
        await ConnectAsync(newer);
        await AskAsync(newer, "newer");
        bool IsProved(Event e) => e.TlsSecret?.Position is not null && e.Flow.LocalPort == port;
        await session.Log.WaitUntilAsync(e => e.Count(IsProved) >= 2, s_patience, "the secrets of both directions");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.All(events.Where(IsProved), e => EarlierRecords.AssertOpens(e, events, port));
        if (!isStripped)
        {
            Event asked = Assert.Single(events, e => TlsStream.Contains(e, _marker));
            Assert.Equal((old.Pid, Direction.Sent, port, (uint)nginx.Port), (asked.Process.Pid, asked.TlsData.Direction, asked.Flow.LocalPort, asked.Flow.RemotePort));
        }
    }

    [Fact]
    public async Task Capture_Chromium_SecretsOfItsBoringSslDecryptThePage()
    {
        const string Browser = "/usr/lib/chromium/chromium";
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, _marker), "page of the browser");
        using SaidMessages said = new();
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(said));
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["tls"] }, loggers: loggers);
        await using WireCapture wire = await WireCapture.StartAsync(_folder, nginx.Port);

        // The first run makes it known.
        await RunAsync(Browser, "--version");
        await said.WaitForAsync(s_patience, TestContext.Current.CancellationToken, "TLS library", Browser, "probes");
        string page = await RunAsync(
            Browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--ignore-certificate-errors",
            "--user-data-dir=" + Path.Combine(_folder, "profile"), "--dump-dom", $"{nginx.Url}/{_marker}");
        Assert.Contains("page of the browser", page, StringComparison.Ordinal);
        await wire.WaitForEndsAsync(2);
        IReadOnlyList<Event> events = await session.StopAsync();

        IReadOnlyList<string> secrets = KeyLog.Of(events.Where(e => e.TlsSecret is not null && e.Process.Name.ToStringUtf8().StartsWith("chrom", StringComparison.Ordinal)));
        Assert.NotEmpty(secrets);
        Assert.Contains("/" + _marker, await wire.DecryptAsync(secrets), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Capture_ServerThatReadsThroughBioFSsl_PlaintextOnce()
    {
        TestCertificate certificate = TestCertificate.Create(_folder);
        int port = FreePort.Next();
        await using CaptureSession session = await CaptureSession.StartAsync("tls");
        await using ServerProcess server = ServerProcess.Start(
            "/usr/bin/openssl",
            ["s_server", "-accept", port.ToString(CultureInfo.InvariantCulture), "-cert", certificate.CertificatePath, "-key", certificate.KeyPath, "-www"]);
        await server.WaitReadyAsync(
            _ => Task.FromResult(server.Output.Contains("ACCEPT", StringComparison.Ordinal)), s_patience, TestContext.Current.CancellationToken);

        CurlRun curl = await CurlClient.RunAsync(certificate.CertificatePath, "--http1.1", string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{port}/{_marker}"));
        await session.WaitForAsync(e => IsOf(server, e, Direction.Sent) && TlsStream.Contains(e, "</pre>"), "the end of the page that the server sent");
        IReadOnlyList<Event> events = await session.StopAsync();

        byte[] sent = TlsStream.Join(TlsStream.Data(events, e => e.Process?.Pid == (uint)server.Id, Direction.Sent));
        Assert.Equal(curl.Output, TlsStream.Http1Body(sent));
        byte[] received = TlsStream.Join(TlsStream.Data(events, e => e.Process?.Pid == (uint)server.Id, Direction.Received));
        Assert.StartsWith($"GET /{_marker} HTTP/1.1\r\n", System.Text.Encoding.ASCII.GetString(received), StringComparison.Ordinal);
    }

    private static async Task CompileAsync(string program, bool isStripped) =>
        await RunAsync("gcc", ["-O2", "-static", .. isStripped ? ["-s"] : Array.Empty<string>(), "-o", program, Path.Combine(AppContext.BaseDirectory, "Tls", "static_client.c"), "-lssl", "-lcrypto"]);

    private static async Task<uint> ConnectAsync(ScriptProcess client)
    {
        client.WriteLine("go");
        return uint.Parse(await client.ReadLineAsync(), CultureInfo.InvariantCulture);
    }

    private static async Task AskAsync(ScriptProcess client, string marker)
    {
        client.WriteLine(marker);
        Assert.Equal("HTTP/1.1 200 OK", await client.ReadLineAsync());
    }

    private static bool IsOf(ServerProcess server, Event e, Direction direction) =>
        e.Process?.Pid == (uint)server.Id && e.TlsData?.Direction == direction;

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(s_patience);
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await errors}");
    }
}
