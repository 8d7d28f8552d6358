using System.Globalization;
using ECapture.Capture;
using ECapture.Capture.Elf;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;
using Microsoft.Extensions.Logging;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>Libraries that lie elsewhere, come later, go away, or cannot be understood.</summary>
[Collection(CaptureCollection.Name)]
public sealed class TlsLibraryTests : IDisposable
{
    // Loads its own copy of the library, waits for a line each: connect, request.
    private const string Client = """
        import sys
        print("started")
        sys.stdin.readline()
        import socket, ssl
        print([l.split()[-1] for l in open("/proc/self/maps") if "libssl" in l and " r-xp " in l][0])
        sys.stdin.readline()
        context = ssl.create_default_context(cafile=sys.argv[2])
        c = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
        c.sendall(b"GET /page HTTP/1.0\r\nX-Marker: " + sys.argv[3].encode() + b"\r\n\r\n")
        print(c.recv(65536).split(b"\r\n")[0].decode())
        sys.stdin.readline()
        """;

    private static readonly string s_library = FindLibrary();
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-libssl").FullName;
    private readonly string _marker = $"m{Guid.NewGuid():n}";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Attach_LibraryOfItsOwnLoadedLater_CapturedWhetherItsFileIsStillThere(bool deleted)
    {
        string copy = Path.Combine(_folder, "libssl.so.3");
        File.Copy(s_library, copy);
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        using SaidMessages said = new();
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(said));
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["tls"] }, loggers: loggers);
        using ScriptProcess client = Start(nginx);
        await LoadAsync(client, copy);
        if (deleted)
        {
            File.Delete(copy);
        }

        await said.WaitForAsync(s_patience, TestContext.Current.CancellationToken, "TLS library", _folder, "probes;");
        client.WriteLine("connect");
        Assert.Equal("HTTP/1.1 200 OK", await client.ReadLineAsync());

        Event sent = await session.WaitForAsync(e => e.Process?.Pid == client.Pid && TlsStream.Contains(e, _marker), "the request");
        Assert.Equal((uint)nginx.Port, sent.Flow.RemotePort);
        IReadOnlyList<Event> events = await session.StopAsync();
        IReadOnlyList<string> secrets = KeyLog.Of(events.Where(e => e.Process?.Pid == client.Pid));
        Assert.Equal(5, secrets.Count);
        Assert.Equal(secrets, KeyLog.Of(events.Where(e => e.Flow?.LocalPort == nginx.Port)));
    }

    [Fact]
    public async Task Attach_LibraryReplacedWhileTraced_OldAndNewUsersAreCaptured()
    {
        string copy = Path.Combine(_folder, "libssl.so.3");
        File.Copy(s_library, copy);
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        using SaidMessages said = new();
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(said));
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["tls"] }, loggers: loggers);
        using ScriptProcess old = Start(nginx);
        await LoadAsync(old, copy);
        await said.WaitForAsync(1, s_patience, TestContext.Current.CancellationToken, "TLS library", _folder, "probes;");

        // As a package upgrade does it: a new file takes the name, who has the old one keeps it.
        File.Copy(s_library, copy + ".new");
        File.Move(copy + ".new", copy, overwrite: true);
        using ScriptProcess fresh = Start(nginx);
        await LoadAsync(fresh, copy);
        await said.WaitForAsync(2, s_patience, TestContext.Current.CancellationToken, "TLS library", _folder, "probes;");
        foreach (ScriptProcess client in (ScriptProcess[])[old, fresh])
        {
            client.WriteLine("connect");
            Assert.Equal("HTTP/1.1 200 OK", await client.ReadLineAsync());
        }

        IReadOnlyList<Event> events = await session.StopAsync();
        foreach (ScriptProcess client in (ScriptProcess[])[old, fresh])
        {
            Event[] own = [.. events.Where(e => e.Process?.Pid == client.Pid)];
            Assert.Single(own, e => TlsStream.Contains(e, _marker));
            Assert.Equal(5, KeyLog.Of(own).Count);
        }

        Assert.Contains(events, e => e.Process?.Pid == fresh.Pid && e.Coverage?.Reason.Contains("began before its probes stood", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Attach_KeyLogFunctionCannotBePlaced_CoverageSaysSoAndPlaintextIsCaptured()
    {
        byte[] bytes = File.ReadAllBytes(s_library);
        foreach (byte[] label in (byte[][])[[.. "CLIENT_RANDOM"u8], [.. "_SECRET"u8]])
        {
            while (bytes.AsSpan().IndexOf(label) is >= 0 and int at)
            {
                bytes[at] = (byte)'x';
            }
        }

        string copy = Path.Combine(_folder, "libssl.so.3");
        File.WriteAllBytes(copy, bytes);
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["tls"], TlsLibraries = [copy] });
        using ScriptProcess client = Start(nginx);
        await LoadAsync(client, copy);
        client.WriteLine("connect");
        Assert.Equal("HTTP/1.1 200 OK", await client.ReadLineAsync());
        await session.WaitForAsync(e => e.Process?.Pid == client.Pid && TlsStream.Contains(e, _marker), "the request");

        Event coverage = await session.WaitForAsync(e => e.Coverage?.Target.ToStringUtf8().Contains(copy, StringComparison.Ordinal) == true, "the coverage event");
        using ElfFile elf = ElfFile.Open(copy);
        Assert.Equal("library", coverage.Coverage.Subject);
        Assert.Contains(Convert.ToHexStringLower(elf.BuildId), coverage.Coverage.Target.ToStringUtf8(), StringComparison.Ordinal);
        Assert.Contains("no key log label", coverage.Coverage.Reason, StringComparison.Ordinal);
        IReadOnlyList<Event> events = await session.StopAsync();
        Assert.DoesNotContain(events, e => e.TlsSecret is not null && e.Process.Pid == client.Pid);
        Assert.Single(events, e => e.Coverage is not null && e.Coverage.Target == coverage.Coverage.Target);
    }

    [Fact]
    public async Task Capture_ExcludedProcess_NothingOfIt()
    {
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        using ScriptProcess client = Start(nginx, ownLibrary: false);
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["tls"], ExcludedPids = [(int)client.Pid] });
        await LoadAsync(client, s_library);
        client.WriteLine("connect");
        Assert.Equal("HTTP/1.1 200 OK", await client.ReadLineAsync());
        await session.WaitForAsync(e => e.Process?.Pid != client.Pid && TlsStream.Contains(e, _marker), "the request at nginx");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.DoesNotContain(events, e => e.Process?.Pid == client.Pid && (e.TlsData is not null || e.TlsSecret is not null));
    }

    private ScriptProcess Start(NginxServer nginx, bool ownLibrary = true) => ScriptProcess.Python(
        Client, [nginx.Port.ToString(CultureInfo.InvariantCulture), nginx.CertificatePath, _marker],
        ownLibrary ? [("LD_LIBRARY_PATH", _folder)] : []);

    private static async Task LoadAsync(ScriptProcess client, string library)
    {
        Assert.Equal("started", await client.ReadLineAsync());
        client.WriteLine("load");
        Assert.Equal(Path.GetFileName(library)[..9], Path.GetFileName(await client.ReadLineAsync())[..9]);
    }

    private static string FindLibrary() =>
        ((string[])["/usr/lib/x86_64-linux-gnu/libssl.so.3", "/usr/lib/aarch64-linux-gnu/libssl.so.3", "/usr/lib64/libssl.so.3"]).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException("libssl.so.3 is missing: apt-get install libssl3");
}
