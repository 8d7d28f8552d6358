using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using ECapture.Capture;
using ECapture.Capture.Bpf;
using ECapture.Capture.Filters;
using ECapture.Terminal.Remote;
using ECapture.Terminal.Text;

namespace ECapture.Tests.Unit.Terminal;

/// <summary>The configuration over HTTP, by eCapture's paths, bodies and codes.</summary>
public sealed class ConfigServerTests : IAsyncLifetime, IDisposable
{
    private const string Token = "t0ken-of-the-test";

    private readonly HttpClient _http = new();
    private readonly ConcurrentQueue<string> _said = [];
    private RemoteSettings _settings = new(CaptureRules.All, new TextOptions(false, 0, false));
    private ConfigServer _server = null!;
    private bool _failsToApply;
    private Func<BtfMode, KernelFit> _choose = m => new KernelFit(m == BtfMode.None ? ObjectSet.Plain : ObjectSet.Kernel, null, "");

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync(new ConfigServerOptions { Address = new IPEndPoint(IPAddress.Loopback, 0), Token = Token, MostRequests = int.MaxValue });
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Post_ValidChange_HoldsAndIsSaidAndReadByGet()
    {
        int own = Environment.ProcessId;
        (HttpStatusCode status, JsonElement answer) = await PostAsync(
            "/tls", $$"""{"pid":{{own}},"uid":1000,"is_hex":true,"truncate_size":64,"btf_mode":1,"debug":true,"perf_reorder":true,"per_cpu_map_size":4096,"pcapfile":"save.pcapng","keylogfile":"","filters":{"target_process":["nginx"],"ignore_process":["sshd"]} }""");

        Assert.Equal((HttpStatusCode.OK, 0, "tls"), (status, answer.GetProperty("code").GetInt32(), answer.GetProperty("module_type").GetString()));
        Assert.Equal(((uint)own, 1000u, true, 64), (_settings.Rules.Pids.Single(), _settings.Rules.Uids.Single(), _settings.Text.Hex, _settings.Text.MostBytes));
        Assert.True(_settings.Debug);
        Assert.Equal(["nginx"], _settings.Rules.Names);
        JsonElement config = (await SendAsync(HttpMethod.Get, "/openssl", null)).Answer.GetProperty("data").GetProperty("config");
        Assert.Equal(own, config.GetProperty("pid").GetInt32());
        Assert.Equal(1, config.GetProperty("btf_mode").GetInt32());
        Assert.Equal("sshd", config.GetProperty("filters").GetProperty("ignore_process")[0].GetString());
        Assert.Contains("\"truncate_size\":64", Assert.Single(_said), StringComparison.Ordinal);

        // What is not named stays.
        await PostAsync("/boringssl", """{"hex":false}""");
        Assert.Equal(((uint)own, false, 64), (_settings.Rules.Pids.Single(), _settings.Text.Hex, _settings.Text.MostBytes));

        // What GET gives can be given back.
        (HttpStatusCode again, _) = await PostAsync("/tls", config.GetRawText());
        Assert.Equal(HttpStatusCode.OK, again);
        Assert.True(_settings.Text.Hex);
    }

    [Theory]
    [InlineData("", 4, "no JSON")]
    [InlineData("[]", 4, "one JSON object")]
    [InlineData("{\"pidd\":1}", 4, "pidd; did you mean pid?")]
    [InlineData("{\"hex\":true,\"hex\":false}", 4, "hex is there twice")]
    [InlineData("{\"hex\":1}", 4, "hex")]
    [InlineData("{\"truncate_size\":7,\"pid\":\"x\"}", 4, "pid")]
    [InlineData("{\"truncate_size\":7,\"pid\":4194303}", 5, "no process 4194303")]
    [InlineData("{\"truncate_size\":-1}", 5, "truncate_size")]
    [InlineData("{\"truncate_size\":7,\"btf\":2}", 5, "field btf: nothing like it here")]
    [InlineData("{\"btf\":1,\"btf_mode\":2}", 5, "field btf_mode: nothing like it here")]
    [InlineData("{\"btf\":3}", 5, "btf must be from 0 to 2")]
    [InlineData("{\"btf_mode\":\"1\"}", 4, "btf_mode must be a whole number")]
    [InlineData("{\"truncate_size\":7,\"pcapfile\":\"/etc/passwd\"}", 5, "pcapfile cannot be changed")]
    [InlineData("{\"per_cpu_map_size\":\"4096\"}", 4, "per_cpu_map_size must be a whole number")]
    [InlineData("{\"truncate_size\":7,\"per_cpu_map_size\":8192}", 5, "per_cpu_map_size cannot be changed")]
    [InlineData("{\"errno\":1}", 4, "unknown field errno")]
    [InlineData("{\"filters\":{\"ports\":[0]}}", 5, "filters.ports")]
    [InlineData("{\"filters\":{\"pids\":[4194303]}}", 5, "no process 4194303")]
    [InlineData("{\"filters\":{\"uids\":[1],\"uids\":[2]}}", 4, "filters.uids is there twice")]
    [InlineData("{\"filters\":{\"target\":[]}}", 4, "filters.target")]
    [InlineData("{\"filters\":{\"target_process\":[1]}}", 4, "filters.target_process")]
    [InlineData("{\"filters\":{\"ignore_process\":[\"\"]}}", 5, "filters.ignore_process")]
    public async Task Post_WrongChange_NamesTheFieldAndChangesNothing(string body, int code, string named)
    {
        _choose = _ => throw new CaptureException("nothing like it here");
        RemoteSettings before = _settings;
        (HttpStatusCode status, JsonElement answer) = await PostAsync("/tls", body);

        Assert.Equal((HttpStatusCode.BadRequest, code), (status, answer.GetProperty("code").GetInt32()));
        Assert.Contains(named, answer.GetProperty("msg").GetString(), StringComparison.Ordinal);
        Assert.Same(before, _settings);
        Assert.Empty(_said);
    }

    [Theory]
    [InlineData("{\"btf\":2}", BtfMode.None)]
    [InlineData("{\"byte_code_file_mode\":2}", BtfMode.None)]
    [InlineData("{\"btf\":2,\"btf_mode\":1,\"byte_code_file_mode\":1}", BtfMode.None)] // what GET gave, with one edited
    [InlineData("{\"btf\":0,\"btf_mode\":2}", BtfMode.None)]
    [InlineData("{\"btf\":0,\"btf_mode\":1}", BtfMode.Types)]
    [InlineData("{\"btf\":0}", BtfMode.Types)] // the best there is
    [InlineData("{}", BtfMode.Types)]
    public async Task Post_OtherObjects_HoldUnderEveryNameAndGiveWayAgain(string body, BtfMode mode)
    {
        (HttpStatusCode status, JsonElement answer) = await PostAsync("/tls", body);

        Assert.Equal((HttpStatusCode.OK, mode), (status, _settings.Objects));
        JsonElement config = answer.GetProperty("data").GetProperty("config");
        Assert.All((string[])["btf", "btf_mode", "byte_code_file_mode"], f => Assert.Equal((int)mode, config.GetProperty(f).GetInt32()));

        await PostAsync("/tls", "{\"hex\":true}"); // not named: it stays
        Assert.Equal(mode, _settings.Objects);
        await PostAsync("/tls", "{\"btf\":0}");
        Assert.Equal(BtfMode.Types, _settings.Objects);
    }

    [Theory]
    [InlineData("/bash")]
    [InlineData("/zsh")]
    [InlineData("/postgress")]
    [InlineData("/nspr")]
    public async Task Post_OtherModulesPath_ChangesNothing(string path)
    {
        RemoteSettings before = _settings;
        (HttpStatusCode status, JsonElement answer) = await PostAsync(path, """{"hex":true}""");
        Assert.Equal((HttpStatusCode.BadRequest, 3), (status, answer.GetProperty("code").GetInt32()));
        Assert.Same(before, _settings);
    }

    [Fact]
    public async Task Post_ApplyFails_IsTakenBack()
    {
        _failsToApply = true;
        (HttpStatusCode status, JsonElement answer) = await PostAsync("/tls", """{"hex":true}""");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, 6), (status, answer.GetProperty("code").GetInt32()));
        Assert.False(_settings.Text.Hex);
    }

    [Fact]
    public async Task Post_RandomChanges_EachAnsweredRightAndAppliedWholeOrNotAtAll()
    {
        Random random = new(20261120);
        for (int i = 0; i < 1000; i++)
        {
            int size = random.Next(-50, 200);
            bool hex = random.Next(2) == 0;
            string extra = random.Next(4) switch { 0 => ",\"nonsense\":1", 1 => ",\"pid\":\"7\"", _ => "" };
            RemoteSettings before = _settings;
            (HttpStatusCode status, JsonElement answer) = await PostAsync("/tls", $"{{\"truncate_size\":{size},\"hex\":{(hex ? "true" : "false")}{extra}}}");

            bool isValid = size >= 0 && extra.Length == 0;
            Assert.Equal(isValid ? HttpStatusCode.OK : HttpStatusCode.BadRequest, status);
            Assert.Equal(isValid, answer.GetProperty("code").GetInt32() == 0);
            Assert.Equal(isValid ? (size, hex) : (before.Text.MostBytes, before.Text.Hex), (_settings.Text.MostBytes, _settings.Text.Hex));
        }
    }

    [Fact]
    public async Task Request_WithoutTheToken_IsRefused()
    {
        foreach (string? wrong in (string?[])[null, "", "t0ken-of-the-tes", Token + "x"])
        {
            using HttpRequestMessage request = new(HttpMethod.Post, new Uri(_server.Address, "/tls")) { Content = new StringContent("""{"hex":true}""") };
            request.Headers.TryAddWithoutValidation("Authorization", wrong is null ? "Basic x" : "Bearer " + wrong);
            using HttpClient stranger = new();
            using HttpResponseMessage answer = await stranger.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }

        Assert.False(_settings.Text.Hex);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Host", "evil.example")]
    public async Task Request_OfAPageInABrowser_IsRefused(string header, string value)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(_server.Address, "/tls")) { Content = new StringContent("""{"hex":true}""") };
        request.Headers.TryAddWithoutValidation(header, value);
        using HttpResponseMessage answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.False(_settings.Text.Hex);
    }

    [Fact]
    public async Task Request_TooLargeTooManyOrUnknown_IsRefused()
    {
        (HttpStatusCode large, JsonElement answer) = await PostAsync("/tls", "{\"hex\":" + new string(' ', 70_000) + "true}");
        Assert.Equal((HttpStatusCode.BadRequest, 4), (large, answer.GetProperty("code").GetInt32()));
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Get, "/nothing", null)).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await SendAsync(HttpMethod.Delete, "/tls", null)).Status);

        await using ConfigServer strict = await StartAsync(new ConfigServerOptions { Address = new IPEndPoint(IPAddress.Loopback, 0), MostRequests = 0 });
        using HttpResponseMessage many = await _http.GetAsync(new Uri(strict.Address, "/tls"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.TooManyRequests, many.StatusCode);
    }

    [Theory]
    [InlineData("localhost:28256", "t", false, true)]
    [InlineData("127.0.0.1:28256", null, true, true)]
    [InlineData("[::1]:28256", "t", false, true)]
    [InlineData("127.0.0.1:28256", null, false, false)]
    [InlineData("0.0.0.0:28256", "t", false, false)]
    [InlineData("28256", "t", false, false)]
    public void Parse_Address_OnlyLoopbackAndNotWithoutAsking(string text, string? token, bool isOpen, bool isGood)
    {
        if (isGood)
        {
            Assert.Equal(28256, ConfigServerOptions.Parse(text, token, isOpen).Address.Port);
        }
        else
        {
            Assert.Throws<FormatException>(() => ConfigServerOptions.Parse(text, token, isOpen));
        }
    }

    private async Task<ConfigServer> StartAsync(ConfigServerOptions options)
    {
        StartedWith startedWith = new StartedWith().With("per_cpu_map_size", 4096L).With("pcapfile", "save.pcapng").With("keylogfile", "keys.log").With("perf_reorder", true);
        ConfigServer server = new(new RunningSettings("tls", _settings, startedWith, m => _choose(m), ApplyAsync, _said.Enqueue), options, () => "running");
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    private Task ApplyAsync(RemoteSettings settings)
    {
        _settings = settings;
        bool fails = _failsToApply;
        _failsToApply = false;
        return fails ? Task.FromException(new CaptureException("broken")) : Task.CompletedTask;
    }

    private Task<(HttpStatusCode Status, JsonElement Answer)> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    private async Task<(HttpStatusCode Status, JsonElement Answer)> SendAsync(HttpMethod method, string path, string? body)
    {
        using HttpRequestMessage request = new(method, new Uri(_server.Address, path));
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (answer.StatusCode, JsonDocument.Parse(text).RootElement.Clone());
    }
}
