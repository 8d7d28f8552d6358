using System.Net;
using System.Text.Json;
using ECapture.Events.V1;
using ECapture.Query;
using ECapture.Query.Client;
using ECapture.Query.Pcap;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Querying;
using Microsoft.Extensions.Logging;

namespace ECapture.Tests.Integration.Querying;

/// <summary>The HTTP API and its client, over a real store.</summary>
public sealed class ApiTests(StoresFixture stores, TlsFixture tls) : IAsyncLifetime
{
    private readonly HttpClient _http = new();
    private readonly List<Event> _history = History.Make(600, seed: 11);
    private Store? _store;
    private RunningQuery? _query;

    private Uri Address => _query!.Address;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(StoreKind.ClickHouse, Cancel), StoreRole.Writer, Cancel);
        await StoreLoader.LoadAsync(_store, [.. _history, .. new TlsHistory(tls).Make()], Cancel);
        _query = await RunningQuery.StartAsync(new EventStoreReader(_store));
    }

    public async ValueTask DisposeAsync()
    {
        await _query!.DisposeAsync();
        _http.Dispose();
        await _store!.DisposeAsync();
    }

    [Fact]
    public async Task Events_Json_HasTheEventsAndTheCursorOfTheNextPage()
    {
        JsonElement first = await JsonAsync("api/v1/events?module=postgres&order=oldest&limit=10&host=web1");
        string next = first.GetProperty("next").GetString()!;
        JsonElement second = await JsonAsync($"api/v1/events?module=postgres&order=oldest&limit=10&host=web1&cursor={next}");

        string[] expected = [.. _history.Where(e => e.Topic == "postgres" && e.Host == "web1").OrderBy(e => e.WallNs).ThenBy(e => new Guid(e.Run.Span, true)).ThenBy(e => e.Sequence).Take(20).Select(e => $"{new Guid(e.Run.Span, true)}/postgres/0/{e.Sequence}")];
        string[] actual = [.. first.GetProperty("events").EnumerateArray().Concat(second.GetProperty("events").EnumerateArray()).Select(e => e.GetProperty("id").GetString()!)];
        Assert.Equal(expected.Order(StringComparer.Ordinal), actual.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Events_ById_AndByCursor_AreTheOneEvent()
    {
        JsonElement some = (await JsonAsync("api/v1/events?module=postgres&limit=3")).GetProperty("events")[1];
        string id = some.GetProperty("id").GetString()!;
        foreach (string name in (string[])[id, some.GetProperty("cursor").GetString()!])
        {
            JsonElement found = await JsonAsync($"api/v1/events?event={Uri.EscapeDataString(name)}");
            Assert.Equal(id, Assert.Single(found.GetProperty("events").EnumerateArray()).GetProperty("id").GetString());
        }

        using HttpResponseMessage wrong = await _http.GetAsync(new Uri(Address, "api/v1/events?event=x"), Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Theory]
    [InlineData("ndjson", "application/x-ndjson")]
    [InlineData("csv", "text/csv; charset=utf-8; header=present")]
    [InlineData("table", "text/plain; charset=utf-8")]
    public async Task Events_OtherForms_HaveOneLinePerEvent(string format, string type)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri(Address, $"api/v1/events?limit=25&format={format}"), Cancel);
        string body = await response.Content.ReadAsStringAsync(Cancel);

        Assert.Equal(type, response.Content.Headers.ContentType!.ToString());
        Assert.Equal(format == "ndjson" ? 25 : 26, body.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData("api/v1/events?pid=x", "pid", "x")]
    [InlineData("api/v1/events?modul=tls", "modul", null)]
    [InlineData("api/v1/pcapng?limit=3", "limit", null)]
    [InlineData("api/v1/pcapng?keys=maybe", "keys", "maybe")]
    [InlineData("api/v1/status?x=1", "x", null)]
    public async Task Anything_BadParameter_IsAProblemThatNamesIt(string path, string parameter, string? value)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri(Address, path), Cancel);
        JsonElement problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel)).RootElement;

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(parameter, problem.GetProperty("parameter").GetString());
        Assert.Equal(value, problem.GetProperty("value").GetString());
        Assert.NotEmpty(problem.GetProperty("valid").GetString()!);
    }

    [Fact]
    public async Task Events_FilterExpression_IsAppliedOrItsErrorHasAColumn()
    {
        string found = await _http.GetStringAsync(new Uri(Address, "api/v1/events?format=ndjson&limit=all&filter=" + Uri.EscapeDataString("module == postgres and sql ~ \"drop table\"")), Cancel);
        Assert.Equal(_history.Count(e => e.Topic == "postgres" && e.SqlStatement.Statement.ToStringUtf8().Contains("DROP TABLE", StringComparison.Ordinal)), found.Count(c => c == '\n'));
        Assert.NotEmpty(found);

        using HttpResponseMessage response = await _http.GetAsync(new Uri(Address, "api/v1/pcapng?filter=" + Uri.EscapeDataString("pid == 1 and proces == \"x\"")), Cancel);
        JsonElement problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel)).RootElement;
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(("filter", 14), (problem.GetProperty("parameter").GetString(), problem.GetProperty("column").GetInt32()));
        Assert.Contains("did you mean 'process'?", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "api/v1/nothing", HttpStatusCode.NotFound)]
    [InlineData("POST", "api/v1/events", HttpStatusCode.MethodNotAllowed)]
    public async Task Anything_WrongPathOrMethod_IsAProblem(string method, string path, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Address, path));
        using HttpResponseMessage response = await _http.SendAsync(request, Cancel);

        Assert.Equal(expected, response.StatusCode);
        Assert.Contains("/api/v1/pcapng", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pcapng_ThroughTheClient_DecryptsAndReportsItsCounts()
    {
        using var client = new QueryClient(Address);
        string path = Path.Combine(Path.GetTempPath(), $"ecapture-{Guid.NewGuid():N}.pcapng");
        RebuildReport report;
        await using (FileStream file = File.Create(path))
        {
            report = await client.PcapngAsync([new("process", tls.Exchanges[1].Process), new("reason", "ticket 4711")], file, Cancel);
        }

        try
        {
            Assert.Equal((1, 0), (report.Sessions, report.SessionsWithoutSecrets));
            Assert.InRange(report.Packets, 8, tls.Frames.Count);
            Assert.InRange(report.Secrets, 1, tls.KeyLog.Count - 1);
            Assert.Equal(new FileInfo(path).Length, report.Bytes);
            Assert.Equal(["/" + tls.Exchanges[1].Marker], await Tshark.FieldsAsync(path, "http.request", "http.request.uri"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Client_RefusedOrAlone_SaysWhyInOneLine()
    {
        using var client = new QueryClient(Address);
        using var nobody = new QueryClient(new Uri("http://127.0.0.1:" + ECapture.Tests.Support.FreePort.Next()));

        QueryClientException refused = await Assert.ThrowsAsync<QueryClientException>(() => client.EventsAsync([new("sinc", "1m")], Stream.Null, Cancel));
        QueryClientException alone = await Assert.ThrowsAsync<QueryClientException>(() => nobody.EventsAsync([], Stream.Null, Cancel));

        Assert.True(refused.IsUsage);
        Assert.Contains("did you mean 'since'?", refused.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be reached", alone.Message, StringComparison.Ordinal);
        Assert.False(await nobody.IsLiveAsync(Cancel));
        Assert.True(await client.IsLiveAsync(Cancel));
    }

    [Fact]
    public async Task Status_AndModules_ListEveryModule()
    {
        JsonElement status = await JsonAsync("api/v1/status");
        JsonElement modules = await JsonAsync("api/v1/modules");

        Assert.Equal(ECapture.Events.Topics.All, status.GetProperty("modules").EnumerateArray().Select(m => m.GetProperty("name").GetString()!));
        Assert.Equal(ECapture.Events.Topics.All, modules.GetProperty("modules").EnumerateArray().Select(m => m.GetProperty("name").GetString()!));
        Assert.Equal(
            _history.Count(e => e.Topic == "bash"),
            status.GetProperty("modules").EnumerateArray().Single(m => m.GetProperty("name").GetString() == "bash").GetProperty("events").GetInt32());
    }

    [Fact]
    public async Task Health_WhileTheStoreAnswers_IsReady()
    {
        Assert.Equal("live\n", await _http.GetStringAsync(new Uri(Address, "health/live"), Cancel));
        Assert.Equal("ready\n", await _http.GetStringAsync(new Uri(Address, "health/ready"), Cancel));
    }

    [Fact]
    public async Task OpenApi_Document_DescribesEveryParameter()
    {
        JsonElement document = await JsonAsync("openapi/v1.json");
        JsonElement paths = document.GetProperty("paths");

        string[] Parameters(string path) => [.. paths.GetProperty(path).GetProperty("get").GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString()!)];
        Assert.Equal(ECapture.Query.Requests.SearchParameters.Events.Select(p => p.Name), Parameters("/api/v1/events"));
        Assert.Equal(ECapture.Query.Requests.SearchParameters.Pcapng.Select(p => p.Name), Parameters("/api/v1/pcapng"));
        Assert.True(paths.GetProperty("/api/v1/pcapng").GetProperty("get").GetProperty("responses").GetProperty("200").GetProperty("content").TryGetProperty("application/x-pcapng", out _));
        Assert.Equal(
            ["connections", "events", "fields", "histogram", "keys", "modules", "pcapng", "status"],
            paths.EnumerateObject().Select(p => p.Name["/api/v1/".Length..]).Order(StringComparer.Ordinal));
        Assert.All(paths.EnumerateObject(), path => Assert.Equal(
            ["200", "400", "401", "403", "429", "500", "503", "504"],
            path.Value.GetProperty("get").GetProperty("responses").EnumerateObject().Select(r => r.Name).Order(StringComparer.Ordinal)));
        Assert.Equal("bearer", document.GetProperty("components").GetProperty("securitySchemes").GetProperty("token").GetProperty("scheme").GetString());
        Assert.Contains(document.GetProperty("security").EnumerateArray(), s => s.TryGetProperty("token", out _));
    }

    [Fact]
    public async Task Run_OnAPortThatIsTaken_SaysSo()
    {
        FormatException e = await Assert.ThrowsAsync<FormatException>(() => QueryService.RunAsync(
            new QueryServiceOptions { Store = new EventStoreReader(_store!), Listen = Address.ToString(), Configure = b => b.Logging.ClearProviders() }, Cancel));

        Assert.Contains("cannot listen on", e.Message, StringComparison.Ordinal);
    }

    private async Task<JsonElement> JsonAsync(string path)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri(Address, path), Cancel);
        string body = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, body);
        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.Clone();
    }
}
