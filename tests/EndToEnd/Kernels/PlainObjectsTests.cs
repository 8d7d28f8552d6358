using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ECapture.Capture;
using ECapture.Capture.Bpf;
using ECapture.Events.V1;
using ECapture.Tests.EndToEnd.Terminal;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Cli;
using ECapture.Tests.Support.Go;
using ECapture.Tests.Support.MariaDb;
using ECapture.Tests.Support.Postgres;
using ECapture.Tests.Support.Shells;
using ECapture.Tests.Support.Tls;
using ChildProcess = System.Diagnostics.Process;

namespace ECapture.Tests.EndToEnd.Kernels;

/// <summary>What users capture, with the objects that know nothing of the kernel's types (<c>--btf 2</c>). `make test-plain` runs many more of the tests so.</summary>
[Collection(CaptureCollection.Name)]
public sealed class PlainObjectsTests : IClassFixture<TracefsFixture>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-plain-");
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Doctor_WithoutTypes_TheKernelTakesEveryModulesObject()
    {
        Outcome outcome = await Ecapture.RunAsync("doctor", "--json", "--interface", "lo", "--btf", "2");
        JsonElement[] findings = [.. JsonDocument.Parse(outcome.Output).RootElement.EnumerateArray()];
        Assert.All(findings.Where(f => f.GetProperty("area").GetString() == "module"), f => Assert.Equal("ok", f.GetProperty("verdict").GetString()));
        JsonElement objects = Assert.Single(findings, f => f.GetProperty("name").GetString() == "objects");
        Assert.Contains("without kernel types", objects.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pcapng_CurlAndNginx_DecryptsWithTheProcessNamed()
    {
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        string file = Path.Combine(_folder.FullName, "plain.pcapng");
        await using (TerminalRun run = await TerminalRun.StartAsync("tls", "-b", "2", "-m", "pcapng", "-i", "lo", "-w", file, "tcp", "port", nginx.Port.ToString(CultureInfo.InvariantCulture)))
        {
            Assert.Contains("without kernel types, as asked for", run.Errors, StringComparison.Ordinal);
            await CurlClient.RunAsync(nginx.CertificatePath, "--tlsv1.3", $"{nginx.Url}/page?{_marker}-new");
            await CurlClient.RunAsync(nginx.CertificatePath, "--tls-max", "1.2", $"{nginx.Ipv6Url}/page?{_marker}-old");
            Assert.Equal(0, await run.StopAsync());
        }

        string decrypted = await Tshark.DecryptedAsync(file, nginx.Port, TestContext.Current.CancellationToken);
        Assert.Contains($"{_marker}-new", decrypted, StringComparison.Ordinal);
        Assert.Contains($"{_marker}-old", decrypted, StringComparison.Ordinal);
        string comments = await CliTshark.RunAsync(["-r", file, "-T", "fields", "-e", "frame.comment"]);
        Assert.Contains("curl (pid ", comments, StringComparison.Ordinal);
        Assert.Contains("nginx (pid ", comments, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_OpenSslAndGo_BlocksAndOfOpenSslBothAddresses()
    {
        string program = Path.Combine(_folder.FullName, "https");
        await GoCompiler.BuildAsync(Path.Combine(AppContext.BaseDirectory, "GoTls", "https.go"), program, "-ldflags", "-s -w");
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page of " + _marker);
        await using TerminalRun tls = await TerminalRun.StartAsync("tls", "-b", "2");
        await using TerminalRun go = await TerminalRun.StartAsync("gotls", "-b", "2", "-e", program);

        await CurlClient.RunAsync(nginx.CertificatePath, $"{nginx.Url}/page?{_marker}");
        await TlsClient.RunAsync(program, [], "client", "-keylog", Path.Combine(_folder.FullName, "keys"), "-ca", nginx.CertificatePath, "-tls", "1.3", "-marker", _marker, nginx.Url + "/page");

        string client = await tls.WaitForBlockAsync($"> GET /page?{_marker} HTTP/1.1", "curl[");
        Assert.Contains($" - 127.0.0.1:{nginx.Port} HTTP/1.1 ", client, StringComparison.Ordinal);
        string server = await tls.WaitForBlockAsync($"< GET /page?{_marker} HTTP/1.1", "nginx[");
        Assert.Contains($" 127.0.0.1:{nginx.Port} - 127.0.0.1:", server, StringComparison.Ordinal);
        await go.WaitForBlockAsync("> GET /page HTTP/1.1", $": {_marker}\n", " gotls https["); // its addresses only the kernel's types tell
        Assert.Equal((0, 0), (await tls.StopAsync(), await go.StopAsync()));
    }

    [Fact]
    public async Task Bash_TypedLineAndShortPrograms_HaveArgumentsAndExitStatus()
    {
        await using TerminalRun run = await TerminalRun.StartAsync("bash", "-b", "2");
        await using (InteractiveBash bash = await InteractiveBash.StartAsync("/usr"))
        {
            await bash.TypeAsync($"(exit 7) # {_marker}-line");
            await run.WaitForOutputAsync($"/usr $ (exit 7) # {_marker}-line\n"); // its folder is read from /proc: while it lives
        }

        using (ChildProcess script = ChildProcess.Start("bash", ["-c", $"/bin/true {_marker}-short 'two words'; /bin/sh -c 'exit 9' {_marker}-status; /bin/sh -c 'kill -9 $$' {_marker}-killed; true"]))
        {
            await script.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await run.WaitForOutputAsync($" exec /bin/true {_marker}-short two words\n");
        await run.WaitForOutputAsync($" exit 7 after ");
        await run.WaitForOutputAsync($"{_marker}-killed\n");
        Assert.Equal(0, await run.StopAsync());
        string[] lines = run.Output.Split('\n');
        Assert.Contains(lines, l => l.Contains(" exit 7 after ", StringComparison.Ordinal) && l.EndsWith($"{_marker}-line", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains(" exit 9 after ", StringComparison.Ordinal) && l.EndsWith($"{_marker}-status", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("(signal 9)", StringComparison.Ordinal) && l.EndsWith($"{_marker}-killed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Databases_Statements_AreSeenWithTheirClients()
    {
        await using LoggingPostgres postgres = await LoggingPostgres.StartAsync(TestContext.Current.CancellationToken);
        await using MariaDbServer mariadb = await MariaDbServer.StartAsync(TestContext.Current.CancellationToken);
        await using TerminalRun first = await TerminalRun.StartAsync("postgres", "-b", "2");
        await using TerminalRun second = await TerminalRun.StartAsync("mysqld", "-b", "2");
        await postgres.RunClientAsync("psql", ["-X", "-c", $"select '{_marker} tcp'"], tcp: true);
        await postgres.RunClientAsync("psql", ["-X", "-c", $"select '{_marker} local'"]);
        await mariadb.RunClientAsync("mariadb", ["-e", $"select '{_marker} tcp'"], tcp: true);

        await first.WaitForBlockAsync($"select '{_marker} tcp'", "from 127.0.0.1");
        await first.WaitForBlockAsync($"select '{_marker} local'", "from local");
        await second.WaitForBlockAsync($"select '{_marker} tcp'", "from 127.0.0.1");
        Assert.Equal((0, 0), (await first.StopAsync(), await second.StopAsync()));
    }

    [Fact]
    public async Task TypesFile_CopyOfTheKernels_FillsInWhatPlainObjectsLeaveOpen()
    {
        string file = Path.Combine(_folder.FullName, "types.btf");
        File.Copy(KernelFit.KernelPath, file);
        CaptureOptions options = new() { Modules = ["process"], Btf = BtfMode.Types, BtfFile = file };
        await using CaptureSession session = await CaptureSession.StartAsync(options);
        using (ChildProcess program = ChildProcess.Start(new ProcessStartInfo("/bin/true", [_marker]) { WorkingDirectory = "/dev/shm" })!)
        {
            await program.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        IReadOnlyList<Event> events = await session.StopAsync();
        Event started = Assert.Single(events, e => e.ProcessExec?.Arguments.Any(a => a.ToStringUtf8() == _marker) == true);
        Assert.Equal(("/dev/shm", (uint)Environment.ProcessId), (started.ProcessExec.Directory.ToStringUtf8(), started.ProcessExec.Parent));
        Assert.Contains(events, e => e.AgentState?.Module == "connection" && e.AgentState.Detail.Contains(file, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Session_WithoutTypes_ConnectionsBeforeAndSinceHaveTheirProcess()
    {
        using System.Net.Sockets.TcpListener listener = new(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        int port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        using System.Net.Sockets.TcpClient before = new("127.0.0.1", port);
        using System.Net.Sockets.TcpClient accepted = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        // Another process: the agent's own are left out.
        using ChildProcess holder = ChildProcess.Start(new ProcessStartInfo("python3", ["-c", $"import socket, sys; s = socket.create_connection(('127.0.0.1', {port})); print(s.getsockname()[1], flush=True); sys.stdin.read()"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        int held = int.Parse((await holder.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!, CultureInfo.InvariantCulture);
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["connection"], Btf = BtfMode.None });
        holder.StandardInput.Close();
        await holder.WaitForExitAsync(TestContext.Current.CancellationToken);
        await session.WaitForAsync(e => Of(e, held) == ConnectionState.Types.State.Closed, "the end of the connection");

        IReadOnlyList<Event> events = await session.StopAsync();
        Event existing = Assert.Single(events, e => Of(e, held) == ConnectionState.Types.State.Existing && e.Process?.Pid == holder.Id);
        Assert.Equal("python3", existing.Process.Name.ToStringUtf8());
    }

    private static ConnectionState.Types.State? Of(Event e, int port) => e.ConnectionState is not null && (e.Flow.LocalPort == port) ? e.ConnectionState.State : null;
}
