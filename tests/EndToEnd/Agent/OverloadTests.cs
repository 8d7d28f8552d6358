using ECapture.Capture;
using ECapture.Capture.Modules;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Agent;

/// <summary>More than a ring holds: every hit of a probe is an event or a declared loss, and who floods loses, not the others.</summary>
[Collection(CaptureCollection.Name)]
public sealed class OverloadTests : IDisposable
{
    // A client and a server in one process, without a socket: as fast as the library.
    private const string Talk = """
        import ssl, sys
        certificate, key, count, length, text = sys.argv[1:6]
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(certificate, key)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
        there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
        a = client.wrap_bio(back, there)
        b = server.wrap_bio(there, back, server_side=True)
        open_ends = [a, b]
        while open_ends:
            for end in list(open_ends):
                try:
                    end.do_handshake()
                    open_ends.remove(end)
                except ssl.SSLWantReadError:
                    pass
        data = (text.encode() * (int(length) // len(text) + 1))[:int(length)]
        for _ in range(int(count)):
            a.write(data)
            b.read(len(data))
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-overload").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Tls_OneControlGroupFloods_TheOtherLosesNothingAndEveryHitIsAnEventOrALoss()
    {
        const int Flood = 5000; // calls of 16 KiB, twice: 160 MB; the ring holds 32
        const int Few = 50;
        TestCertificate certificate = TestCertificate.Create(_folder);
        using ControlGroup loud = ControlGroup.Create();
        using ControlGroup quiet = ControlGroup.Create();
        using StalledReader stall = new();
        await using CaptureSession session = await StartAsync(stall, "tls");
        await stall.BeginAsync(TestContext.Current.CancellationToken);
        uint flooder = await TalkAsync(loud, certificate, Flood, 16 * 1024, "flood");
        uint talker = await TalkAsync(quiet, certificate, Few, 100, "quiet");
        stall.End();
        int Of(IEnumerable<Event> events, uint pid) => events.Count(e => e.TlsData is not null && e.Process.Pid == pid);
        await session.Log.WaitUntilAsync(
            e => Of(e, talker) >= 2 * Few && e.Any(l => l.Loss?.Where == "ring:tls"), TimeSpan.FromSeconds(120), $"{2 * Few} calls of {talker} and the losses of {flooder}");
        await SettledAsync(session, "tls");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal(2 * Few, Of(events, talker));
        Assert.True(Of(events, flooder) is > 1000 and < 2 * Flood, $"{Of(events, flooder)} of {2 * Flood} calls of the flooder are there");
        Checkpoint.Types.Probes probes = AssertBalanced(events, "tls");
        long published = events.Count(e => e.TlsData is not null || e.TlsSecret is not null);
        long lost = events.Sum(e => e.Loss?.Where is "ring:tls" or "tls" ? (long)e.Loss.Records : 0);
        Assert.Equal((long)probes.Published, published);
        Assert.Equal((long)probes.Hits, published + lost + (long)probes.Merged);
        Assert.True(probes.Hits >= 2 * (Flood + Few), $"{probes.Hits} hits");
        TestContext.Current.TestOutputHelper?.WriteLine($"{probes.Hits} hits = {published} events + {lost} lost + {probes.Merged} merged");
    }

    [Fact]
    public async Task Shell_OneControlGroupFloods_TheOthersCommandsAreAllThere()
    {
        const int Flood = 400; // programs with 32 KiB of arguments: 13 MB; the ring holds 4
        const int Few = 20;
        string marker = $"quiet-{Guid.NewGuid():N}";
        using ControlGroup loud = ControlGroup.Create();
        using ControlGroup quiet = ControlGroup.Create();
        using StalledReader stall = new();
        await using CaptureSession session = await StartAsync(stall, "process", "bash");
        await stall.BeginAsync(TestContext.Current.CancellationToken);
        await loud.RunAsync("/bin/bash", "-c", $"x=$(printf '%040000d' 0); for i in {{1..{Flood}}}; do /bin/true $x; done");
        await quiet.RunAsync("/bin/bash", "-c", $"for i in {{1..{Few}}}; do /bin/true {marker} $i; done");
        stall.End();
        string[] expected = [.. Enumerable.Range(1, Few).Select(i => $"/bin/true {marker} {i}")];
        string[] Commands(IEnumerable<Event> events) =>
            [.. events.Where(e => e.ShellCommand is not null).Select(e => e.ShellCommand.Text.ToStringUtf8()).Where(t => t.StartsWith($"/bin/true {marker}", StringComparison.Ordinal))];
        await session.Log.WaitUntilAsync(
            e => Commands(e).Length >= Few && e.Any(l => l.Loss?.Where == "ring:process"), TimeSpan.FromSeconds(120), $"{Few} commands and losses");
        await SettledAsync(session, "process");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal(expected, Commands(events));
        AssertBalanced(events, "process");
    }

    private static Task<CaptureSession> StartAsync(StalledReader stall, params string[] modules) => CaptureSession.StartAsync(
        new CaptureOptions { Modules = [.. modules, StalledReader.ModuleName], QueueLimit = 512L << 20 },
        name => name == StalledReader.ModuleName ? stall : CaptureModules.Create(name));

    private static Task<uint> TalkAsync(ControlGroup group, TestCertificate certificate, int count, int length, string text) =>
        group.RunAsync("/usr/bin/python3", "-c", Talk, certificate.CertificatePath, certificate.KeyPath, $"{count}", $"{length}", text);

    // What is in the ring when an agent stops and is not read in time is a loss, too; here all of it is to be read.
    private static async Task SettledAsync(CaptureSession session, string module)
    {
        long end = Environment.TickCount64 + 60_000;
        while (true)
        {
            ProbeCounts? counts = (await session.Agent.ReportAsync()).Modules.Single(m => m.Name == module).Probes;
            if (counts is not null && counts.Accounted + 100 >= counts.Hits) // others on this machine go on meanwhile
            {
                return;
            }

            Assert.True(Environment.TickCount64 < end, $"the ring of {module} is not read: {counts}");
        }
    }

    private static Checkpoint.Types.Probes AssertBalanced(IReadOnlyList<Event> events, string module)
    {
        Checkpoint.Types.Probes probes = Assert.Single(events.Last(e => e.Checkpoint is not null).Checkpoint.Probes, p => p.Module == module);
        Assert.True(probes.Hits > 0, $"no hits: {probes}");
        Assert.True(probes.Hits == probes.Lost + probes.Unread + probes.Published + probes.Merged + probes.Rejected, $"does not add up: {probes}");
        Assert.Equal((long)(probes.Lost + probes.Unread), events.Sum(e => e.Loss?.Where == "ring:" + module ? (long)e.Loss.Records : 0));
        return probes;
    }
}
