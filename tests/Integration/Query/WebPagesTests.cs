using System.Diagnostics;
using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Querying;
using Google.Protobuf;
using Process = System.Diagnostics.Process;

namespace ECapture.Tests.Integration.Querying;

/// <summary>The web pages in a real Chromium, driven by tests/Web/pages.mjs.</summary>
public sealed class WebPagesTests(StoresFixture stores, TlsFixture tls) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-web");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Pages_InChromium_SearchShowDownloadAndFollow()
    {
        ulong now = (ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;
        List<Event> history = History.Make(1200, seed: 31);
        // The sessions of the recorded exchange, moved into the history's span.
        List<Event> sessions = new TlsHistory(tls) { Host = "tlshost" }.Make();
        ulong shift = History.Begin + 60_000_000_000 - sessions.Min(e => e.WallNs);
        sessions.ForEach(e => e.WallNs += shift);
        ulong last = Math.Max(history[^1].WallNs, sessions.Max(e => e.WallNs));
        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(StoreKind.ClickHouse, Cancel), StoreRole.Writer, Cancel);
        await StoreLoader.LoadAsync(
            store,
            [
                .. history.Where(e => e.Loss is null), .. sessions,
                Own(1, Topics.Tls, last, e => e.TlsData = new TlsData { Data = ByteString.CopyFromUtf8("<img src=x onerror=alert(1)><script>alert(2)</script>") }),
                Own(2, Topics.Agent, last, e =>
                {
                    e.BootNs = 10_000_000_000_000;
                    e.Loss = new Loss { Where = "ring:tls", Why = "full", Records = 7, FromNs = e.BootNs - 3_600_000_000_000 };
                }),
            ],
            Cancel);
        await using RunningQuery query = await RunningQuery.StartAsync(new EventStoreReader(store));

        string tests = Path.Combine(Repository.Root, "tests", "Web");
        ProcessStartInfo start = new("node", [Path.Combine(tests, "pages.mjs"), query.Address.ToString(), _folder.FullName, Time(History.Begin - 1_000_000_000), Time(last + 1_000_000_000)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = tests,
        };
        using Process node = Process.Start(start)!;
        Task<string> errors = node.StandardError.ReadToEndAsync(Cancel);
        StringBuilder said = new();
        string? end = null;
        while (await node.StandardOutput.ReadLineAsync(Cancel) is { } line)
        {
            said.AppendLine(line);
            end = line;
            if (line == "live")
            {
                await StoreLoader.LoadAsync(
                    store,
                    [Own(3, Topics.Bash, (ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100, e => e.ShellCommand = new ShellCommand { Text = ByteString.CopyFromUtf8("typed just now") })],
                    Cancel);
            }
        }

        await node.WaitForExitAsync(Cancel);
        Assert.True(node.ExitCode == 0 && end == "ok", $"{said}{await errors}");
        string[] uris = await Tshark.FieldsAsync(Path.Combine(_folder.FullName, "session.pcapng"), "http.request", "http.request.uri");
        Assert.Contains(Assert.Single(uris), tls.Exchanges.Select(e => "/" + e.Marker));
    }

    private static string Time(ulong ns) => DateTime.UnixEpoch.AddTicks((long)(ns / 100)).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static Event Own(ulong sequence, string topic, ulong time, Action<Event> payload)
    {
        var e = new Event
        {
            Run = ByteString.CopyFrom(Guid.Parse("01900000-0000-7000-8000-00000000abcd").ToByteArray(bigEndian: true)),
            Topic = topic,
            Sequence = sequence,
            Schema = 1,
            Host = "web1",
            Boot = ByteString.CopyFrom(new byte[16]),
            WallNs = time,
            Process = new ECapture.Events.V1.Process { Pid = 4711, Uid = 1000, Name = ByteString.CopyFromUtf8("evil") },
        };
        payload(e);
        return e;
    }
}
