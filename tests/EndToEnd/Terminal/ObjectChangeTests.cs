using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ECapture.Capture;
using ECapture.Capture.Bpf;
using ECapture.Events.V1;
using ECapture.Terminal;
using ECapture.Tests.EndToEnd.Kernels;
using ECapture.Tests.EndToEnd.Tls;
using ECapture.Tests.Support.Tls;
using Microsoft.Extensions.Logging.Abstractions;
using ChildProcess = System.Diagnostics.Process;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary>Other BPF objects while a command runs: the configuration's <c>btf</c>.</summary>
[Collection(CaptureCollection.Name)]
public sealed partial class ObjectChangeTests : IClassFixture<TracefsFixture>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-objects-");
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Listen_OtherObjectsThereAndBackUnderTraffic_EachExchangeOnceAndNothingOfTheFirstIsLeft()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        await using TerminalRun run = await TerminalRun.StartAsync("tls", "--listen", "127.0.0.1:0", "--listen-open");
        Uri address = new(run.Errors.Split("the configuration is changed at ")[1].Split('\n')[0]);
        int typed = run.LinkInfo().Count(IsTyped);
        Assert.NotEqual(0, typed);

        // One connection all the while, and new ones; requests of HTTP/2 that refer to the headers of those before.
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using KeepAliveClient client = await KeepAliveClient.StartAsync(nginx.Port, nginx.CertificatePath);
        Task<int> kept = AskAsync(client, enough.Token);
        Task<int> others = BrowseAsync(nginx, enough.Token);
        await run.WaitForBlockAsync($"> X-Marker: {_marker}-kept-1.");
        await ChangeAsync(address, "{\"btf\":2}", 2, cancellation);
        Assert.DoesNotContain(run.LinkInfo(), IsTyped);
        await ChangeAsync(address, "{\"btf_mode\":1,\"truncate_size\":3}", 1, cancellation);
        Assert.Equal(typed, run.LinkInfo().Count(IsTyped));
        await enough.CancelAsync();
        (int asked, int browsed) = (await kept, await others);
        await CurlClient.RunAsync(nginx.CertificatePath, $"{nginx.Url}/page?{_marker}-afterwards.");
        await run.WaitForBlockAsync($"> GET /page?{_marker}-afterwards. ", "curl[");
        Assert.Equal(0, await run.StopAsync());

        MustBeOnce(run, "python3[", $"> X-Marker: {_marker}-kept-", asked);
        MustBeOnce(run, "nginx[", $"< X-Marker: {_marker}-kept-", asked);
        MustBeOnce(run, "curl[", $"> GET /page?{_marker}-new-", browsed);
        MustBeOnce(run, "nginx[", $"< GET /page?{_marker}-new-", browsed);
        Assert.Contains("objects without kernel types, as asked for", run.Errors, StringComparison.Ordinal);
        Assert.Equal(2, run.Errors.Split("configuration changed over HTTP: ").Length - 1);
    }

    [Fact]
    public async Task Settings_ObjectsThatCannotBe_AreRefusedAndCaptureGoesOn()
    {
        string types = Path.Combine(_folder.FullName, "types.btf");
        File.Copy(KernelFit.KernelPath, types);
        string settings = Path.Combine(_folder.FullName, "settings.json");
        File.WriteAllText(settings, "{\"btf\":2}");
        await using TerminalRun run = await TerminalRun.StartAsync("bash", "--settings", settings, "--btf", "1", "--btf-file", types);
        Assert.DoesNotContain(run.LinkInfo(), IsTyped);

        File.Delete(types);
        File.WriteAllText(settings, "{\n \"hex\": true,\n \"btf\": 1 }");
        await run.WaitUntilAsync(() => run.Errors.Contains($"{settings} line 3: field btf: ", StringComparison.Ordinal), "the refusal");
        Assert.Contains(types, run.Errors.Split("line 3: field btf: ")[1].Split('\n')[0], StringComparison.Ordinal);
        using (ChildProcess script = ChildProcess.Start("bash", ["-c", $"/bin/true {_marker}; true"]))
        {
            await script.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await run.WaitForOutputAsync($"exec /bin/true {_marker}\n");
        Assert.Equal(0, await run.StopAsync());
    }

    [Fact]
    public async Task Switch_ObjectsMissing_TheFirstGoesOn()
    {
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "connection.bpf.o"), Path.Combine(AppContext.BaseDirectory, "bpf", "connection.bpf.o"));
        foreach (string module in (string[])["process", "bash"])
        {
            File.CreateSymbolicLink(Path.Combine(_folder.FullName, $"{module}.bpf.o"), Path.Combine(AppContext.BaseDirectory, "bpf", $"{module}.bpf.o"));
        }

        CaptureOptions options = new() { Modules = ["bash"], ObjectDirectory = _folder.FullName, KeepSecretsOpen = true };
        using CommandTexts commands = new();
        TerminalSession session = new(options, new EventReceiver(commands), NullLoggerFactory.Instance);
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        TaskCompletionSource ready = new();
        Task running = session.RunAsync(_ => ready.SetResult(), enough.Token);
        await await Task.WhenAny(ready.Task, running);

        CaptureException refused = await Assert.ThrowsAsync<CaptureException>(() => session.SwitchAsync(options with { Btf = BtfMode.None }, _ => Assert.Fail("it is not in force")));
        Assert.Contains("plain", refused.Message, StringComparison.Ordinal);
        using (ChildProcess script = ChildProcess.Start("bash", ["-c", $"/bin/true {_marker}; true"]))
        {
            await script.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await commands.WaitForAsync(_marker);
        await enough.CancelAsync();
        await running;
    }

    private static bool IsTyped(string link) => TypedLink().IsMatch(link);

    [GeneratedRegex("link_type:\\s*(tracing|raw_tracepoint)")]
    private static partial Regex TypedLink();

    private static async Task ChangeAsync(Uri address, string body, int objects, CancellationToken cancellationToken)
    {
        using HttpClient http = new();
        using HttpResponseMessage answer = await http.PostAsync(address, new StringContent(body, Encoding.UTF8, "application/json"), cancellationToken);
        string text = await answer.Content.ReadAsStringAsync(cancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        JsonElement config = JsonDocument.Parse(await http.GetStringAsync(address, cancellationToken)).RootElement.GetProperty("data").GetProperty("config");
        Assert.Equal(objects, config.GetProperty("btf").GetInt32());
    }

    // Lines with a number behind them, from 0: each once.
    private static void MustBeOnce(TerminalRun run, string process, string line, int count)
    {
        Dictionary<string, int> shown = run.Blocks.Where(b => b.Contains($" {process}", StringComparison.Ordinal))
            .SelectMany(b => b.Split('\n'))
            .Where(l => l.StartsWith(line, StringComparison.Ordinal))
            .GroupBy(l => l[line.Length..l.IndexOf('.', line.Length)])
            .ToDictionary(g => g.Key, g => g.Count());
        string[] wrong = [.. Enumerable.Range(0, count).Select(n => $"{n}").Where(n => shown.GetValueOrDefault(n) != 1).Select(n => $"{n}: {shown.GetValueOrDefault(n)} times")];
        Assert.True(wrong.Length == 0, $"{process} {line}: of {count} not shown once: {string.Join(", ", wrong.Take(20))}\n{run.Errors}");
        Assert.Equal(count, shown.Count);
    }

    private async Task<int> AskAsync(KeepAliveClient client, CancellationToken enough)
    {
        int asked = 0;
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100)); // nginx ends a connection after 10,000 requests
        do
        {
            await client.AskAsync($"{_marker}-kept-{asked++}.");
        }
        while (!enough.IsCancellationRequested && await timer.WaitForNextTickAsync(CancellationToken.None));
        return asked;
    }

    private async Task<int> BrowseAsync(NginxServer nginx, CancellationToken enough)
    {
        const int Round = 30;
        int rounds = 0;
        do
        {
            int first = rounds * Round;
            await CurlClient.RunAsync(
                nginx.CertificatePath,
                [rounds % 4 == 0 ? "--http1.1" : "--http2", "--rate", "20/s", .. Enumerable.Range(first, Round).SelectMany(n => (string[])["-o", "/dev/null", $"{nginx.Url}/page?{_marker}-new-{n}."])]);
            rounds++;
        }
        while (!enough.IsCancellationRequested);
        return rounds * Round;
    }

    private sealed class CommandTexts : IEventOutput
    {
        private readonly List<string> _texts = [];

        internal async Task WaitForAsync(string text)
        {
            long end = Environment.TickCount64 + 60_000;
            using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
            while (await timer.WaitForNextTickAsync())
            {
                lock (_texts)
                {
                    if (_texts.Any(t => t.Contains(text, StringComparison.Ordinal)))
                    {
                        return;
                    }

                    Assert.True(Environment.TickCount64 < end, $"no command with {text}; there were: {string.Join(" | ", _texts.TakeLast(20))}");
                }
            }
        }

        public void Write(in ReceivedEvent received)
        {
            if (received.Kind == Event.ShellCommandFieldNumber)
            {
                lock (_texts)
                {
                    _texts.Add(received.Parse().ShellCommand.Text.ToStringUtf8());
                }
            }
        }

        public void Tick(ulong nowNs)
        {
        }

        public void Complete()
        {
        }

        public void Dispose()
        {
        }
    }
}
