using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary>Random changes of the configuration while curl and nginx talk: answers, what holds afterwards, and that nothing of what no change leaves out is lost or doubled.</summary>
[Collection(CaptureCollection.Name)]
public sealed class RemoteChangesTests
{
    private const int RequestsOfARound = 20;

    // `make test-remote` asks for 1,000.
    private static int Changes => int.Parse(Environment.GetEnvironmentVariable("TEST_CHANGES") ?? "100", CultureInfo.InvariantCulture);

    private readonly Random _random = new(20261120);

    [Fact]
    public async Task Listen_RandomChangesUnderTraffic_AnsweredRightAndNothingLostOrDoubled()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using NginxServer nginx = await NginxServer.StartAsync();
        string marker = "m" + Guid.NewGuid().ToString("N");
        File.WriteAllText(Path.Combine(nginx.Files, marker), new string('y', 300));
        await using TerminalRun run = await TerminalRun.StartAsync("tls", "--listen", "127.0.0.1:0", "--listen-open");
        Uri address = new(run.Errors.Split("the configuration is changed at ")[1].Split('\n')[0]);
        using HttpClient http = new();

        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<int> traffic = BrowseAsync(nginx, marker, enough.Token);
        Expected expected = new(0, false, [], []);
        int valid = 0;
        for (int i = 0; i < Changes; i++)
        {
            (string path, string body, Expected? next, int code) = NextChange(i, expected);
            (HttpStatusCode status, JsonElement answer) = await SendAsync(http, new Uri(address, path), body, cancellation);
            Assert.True(code == answer.GetProperty("code").GetInt32(), $"{path} {body}: {answer.GetRawText()}");
            Assert.Equal(code == 0 ? HttpStatusCode.OK : HttpStatusCode.BadRequest, status);
            expected = next ?? expected;
            valid += next is null ? 0 : 1;
            (_, JsonElement held) = await SendAsync(http, address, null, cancellation);
            JsonElement config = held.GetProperty("data").GetProperty("config");
            Assert.True(expected.Is(config), $"after {path} {body}: {config.GetRawText()}");
        }

        await enough.CancelAsync();
        int rounds = await traffic;
        await CurlClient.RunAsync(nginx.CertificatePath, $"{nginx.Url}/{marker}?afterwards.");
        await run.WaitForBlockAsync($"> GET /{marker}?afterwards. ", "curl[");
        Assert.Equal(0, await run.StopAsync());

        string[] shown = [.. run.Blocks.Where(b => b.Contains("curl[", StringComparison.Ordinal)).SelectMany(b => b.Split('\n')).Where(l => l.StartsWith($"> GET /{marker}?n=", StringComparison.Ordinal))];
        string[] wanted = [.. Enumerable.Range(0, rounds * RequestsOfARound).Select(n => $"?n={n}. ")];
        Dictionary<string, int> counts = shown.GroupBy(l => l[l.IndexOf('?', StringComparison.Ordinal)..(l.IndexOf(". ", StringComparison.Ordinal) + 2)]).ToDictionary(g => g.Key, g => g.Count());
        string[] wrong = [.. wanted.Where(w => counts.GetValueOrDefault(w) != 1).Select(w => $"{w}: {counts.GetValueOrDefault(w)} times")];
        Assert.True(wrong.Length == 0, $"of {wanted.Length} requests not shown once: {string.Join(", ", wrong.Take(20))}\n{run.Errors}");
        Assert.Equal(wanted.Length, counts.Count);
        Assert.Equal(valid, run.Errors.Split("configuration changed over HTTP: ").Length - 1); // each change is itself an event
        TestContext.Current.TestOutputHelper?.WriteLine($"{Changes} changes ({valid} valid) while {wanted.Length} requests passed: each shown once");
    }

    /// <summary>What a change that no curl is left out by would be, or one that must be refused.</summary>
    private (string Path, string Body, Expected? Next, int Code) NextChange(int i, Expected now)
    {
        int size = _random.Next(1, 500);
        bool hex = _random.Next(2) == 0;
        string[] targets = _random.Next(2) == 0 ? [] : ["curl", "nginx", $"nobody{i}"];
        string[] ignored = _random.Next(2) == 0 ? [] : [$"somebody{i}"];
        string Names(string[] names) => JsonSerializer.Serialize(names);
        string filters = $"\"filters\":{{\"target_process\":{Names(targets)},\"ignore_process\":{Names(ignored)}}}";
        return _random.Next(10) switch
        {
            0 => ("/tls", $"{{\"truncate_size\":{size},\"pid\":\"{i}\"}}", null, 4),
            1 => ("/openssl", $"{{\"truncate_size\":{size},\"nonsense{i}\":1}}", null, 4),
            2 => ("/tls", $"{{\"hex\":{(hex ? "true" : "false")},\"truncate_size\":-{size}}}", null, 5),
            3 => (_random.Next(2) == 0 ? "/bash" : "/postgress", $"{{\"truncate_size\":{size}}}", null, 3),
            4 => ("/tls", $"{{\"truncate_size\":{size}", null, 4),
            5 => ("/boringssl", $"{{\"truncate_size\":{size}}}", now with { Size = size }, 0),
            6 => ("/tls", $"{{\"is_hex\":{(hex ? "true" : "false")},\"debug\":false}}", now with { Hex = hex }, 0),
            7 => ("/tls", $"{{{filters}}}", now with { Targets = targets, Ignored = ignored }, 0),
            _ => ("/openssl", $"{{\"truncate_size\":{size},\"hex\":{(hex ? "true" : "false")},{filters}}}", new Expected(size, hex, targets, ignored), 0),
        };
    }

    // More than 100 requests a second are refused, as they should be: those are asked again.
    private static async Task<(HttpStatusCode Status, JsonElement Answer)> SendAsync(HttpClient http, Uri address, string? body, CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            using HttpResponseMessage answer = body is null
                ? await http.GetAsync(address, cancellationToken)
                : await http.PostAsync(address, new StringContent(body, Encoding.UTF8, "application/json"), cancellationToken);
            if (answer.StatusCode != HttpStatusCode.TooManyRequests)
            {
                return (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken)).RootElement.Clone());
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    // Whole rounds: a request that was begun is ended. Each has a number of its own.
    private static async Task<int> BrowseAsync(NginxServer nginx, string marker, CancellationToken enough)
    {
        int rounds = 0;
        do
        {
            int first = rounds * RequestsOfARound;
            await CurlClient.RunAsync(
                nginx.CertificatePath,
                [rounds % 2 == 0 ? "--http1.1" : "--http2", .. Enumerable.Range(first, RequestsOfARound).SelectMany(n => (string[])["-o", "/dev/null", $"{nginx.Url}/{marker}?n={n}."])]);
            rounds++;
        }
        while (!enough.IsCancellationRequested);
        return rounds;
    }

    private sealed record Expected(int Size, bool Hex, string[] Targets, string[] Ignored)
    {
        internal bool Is(JsonElement config) =>
            config.GetProperty("truncate_size").GetInt32() == Size && config.GetProperty("hex").GetBoolean() == Hex
            && Texts(config, "target_process").SequenceEqual(Targets) && Texts(config, "ignore_process").SequenceEqual(Ignored);

        private static IEnumerable<string> Texts(JsonElement config, string name) =>
            config.GetProperty("filters").GetProperty(name).EnumerateArray().Select(t => t.GetString()!);
    }
}
