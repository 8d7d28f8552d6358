using System.Diagnostics;
using ECapture.Query;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Callers;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Cli;
using ECapture.Tests.Support.Querying;
using Microsoft.Extensions.Logging;
using Access = ECapture.Events.V1.Access;

namespace ECapture.Tests.Integration.Querying;

/// <summary>Recorded sessions through Wireshark's own extcap machinery: tshark finds the interface, asks for its dialog, starts it, and decrypts.</summary>
public sealed class ExtcapTests(StoresFixture stores, TlsFixture tls) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-extcap");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private Dictionary<string, string> Home => new() { ["HOME"] = _folder.FullName, ["XDG_CONFIG_HOME"] = _folder.FullName };

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Tshark_OnTheInstalledInterface_DecryptsTheSessionsOfTheFilter()
    {
        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(StoreKind.ClickHouse, Cancel), StoreRole.Writer, Cancel);
        await StoreLoader.LoadAsync(store, new TlsHistory(tls).Make(), Cancel);
        await using RunningQuery query = await RunningQuery.StartAsync(new EventStoreReader(store));
        Outcome installed = await Ecapture.RunAsync(["extcap", "install"], Home);
        Assert.True(installed.ExitCode == 0, installed.Errors);

        Assert.Contains("ecapture: recorded sessions", await TsharkAsync("-D"), StringComparison.Ordinal);
        Assert.Contains("EN10MB", await TsharkAsync("-i", "ecapture", "-L"), StringComparison.Ordinal);
        TlsExchange wanted = tls.Exchanges[1];
        string uris = await TsharkAsync(
            "-i", "ecapture", "-o", $"extcap.ecapture.api:{query.Address}", "-o", "extcap.ecapture.since:1970-01-01",
            "-o", $"extcap.ecapture.filter:process == \"{wanted.Process}\"", "-o", "tls.keylog_file:",
            "-Y", "http.request", "-T", "fields", "-e", "http.request.uri");

        Assert.Equal(["/" + wanted.Marker], uris.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Tshark_Live_DecryptsWhatIsStoredAfterItStarted()
    {
        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(StoreKind.ClickHouse, Cancel), StoreRole.Writer, Cancel);
        var journal = new RecordingJournal();
        await using RunningQuery query = await RunningQuery.StartAsync(new QueryServiceOptions
        {
            Store = new EventStoreReader(store),
            Journal = journal,
            Listen = "http://127.0.0.1:0",
            Configure = b => b.Logging.ClearProviders(),
        });
        Outcome installed = await Ecapture.RunAsync(["extcap", "install"], Home);
        Assert.True(installed.ExitCode == 0, installed.Errors);
        await using ServerProcess tshark = ServerProcess.Start(
            "tshark",
            [
                "-l", "-i", "ecapture", "-o", $"extcap.ecapture.api:{query.Address}", "-o", "extcap.ecapture.live:true", "-o", "tls.keylog_file:", "-Y", "http.request",
                "-T", "fields", "-e", "http.request.uri",
            ],
            Home);
        await tshark.WaitReadyAsync(_ => Task.FromResult(journal.Entries.Any(e => e.Action == "pcapng")), s_patience, Cancel);

        // In two parts: what is stored later is followed, too.
        ulong last = tls.Frames[LastSession()].Time;
        await StoreLoader.LoadAsync(store, new TlsHistory(tls) { Shift = NowAfter(tls.Frames[0].Time) }.Make().Where(e => e.BootNs < last - TlsHistory.ClockOffset), Cancel);
        await tshark.WaitReadyAsync(_ => Task.FromResult(tls.Exchanges.Take(2).All(e => Lines(tshark).Contains("/" + e.Marker))), s_patience, Cancel);
        await StoreLoader.LoadAsync(store, new TlsHistory(tls) { Shift = NowAfter(last) }.Make().Where(e => e.BootNs >= last - TlsHistory.ClockOffset), Cancel);
        await tshark.WaitReadyAsync(_ => Task.FromResult(Lines(tshark).Contains("/" + tls.Exchanges[2].Marker)), s_patience, Cancel);

        tshark.Signal(2);
        await tshark.WaitForExitAsync(Cancel);
        Assert.Equal(tls.Exchanges.Count, Lines(tshark).Count(l => l.StartsWith("/marker", StringComparison.Ordinal))); // nothing twice
        Assert.Equal(tls.KeyLog.Count, journal.Entries.Where(e => e.Outcome == Access.Types.Outcome.Granted).Sum(e => (int)e.Keys)); // on record before they left
    }

    [Fact]
    public async Task Config_EveryField_IsAnOptionOfTheCommand()
    {
        Outcome help = await Ecapture.RunAsync("extcap", "--help");
        Outcome dialog = await Ecapture.RunAsync("extcap", "--extcap-interface", "ecapture", "--extcap-config");

        Assert.Equal(0, dialog.ExitCode);
        string[] sentences = dialog.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(0, sentences.Length).Select(n => $"arg {{number={n}}}"), sentences.Select(s => s[..(s.IndexOf('}', StringComparison.Ordinal) + 1)]));
        Assert.All(sentences, s => Assert.Contains(" " + s.Split("{call=")[1].Split('}')[0] + " ", help.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--extcap-interface eth0 --extcap-dlts", "the interface is ecapture")]
    [InlineData("--extcap-interface ecapture --capture", "--fifo")]
    [InlineData("--extcap-interface ecapture --capture --fifo /dev/null --filter pid=1", "column 4")]
    [InlineData("--extcap-interface ecapture --capture --fifo /dev/null --extcap-capture-filter tcp", "the dialog's Filter")]
    [InlineData("", "ecapture extcap install")]
    public async Task Extcap_BadInput_OneLineAndExitCode2(string arguments, string advice)
    {
        Outcome outcome = await Ecapture.RunAsync(["extcap", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal((2, ""), (outcome.ExitCode, outcome.Output));
        Assert.Contains(advice, outcome.Errors, StringComparison.Ordinal);
        Assert.Equal(1, outcome.Errors.Count(c => c == '\n'));
    }

    /// <summary>The frame that opens the last session.</summary>
    private int LastSession()
    {
        var history = new TlsHistory(tls);
        history.Make();
        return history.Owners.IndexOf(2);
    }

    private static ulong NowAfter(ulong time) => ((ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100) - time;

    private static string[] Lines(ServerProcess process) => process.Output.Split('\n', StringSplitOptions.TrimEntries);

    private async Task<string> TsharkAsync(params string[] arguments)
    {
        ProcessStartInfo start = new("tshark", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HOME"] = _folder.FullName;
        start.Environment["XDG_CONFIG_HOME"] = _folder.FullName;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(Cancel);
        string output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"tshark {string.Join(' ', arguments)}: {await errors}");
    }
}
