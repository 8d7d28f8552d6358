using System.Net;
using System.Text.Json;
using ECapture.Pcapng;
using ECapture.Query;
using ECapture.Query.Pcap;
using ECapture.Storage;
using ECapture.Query.Client;
using ECapture.Storage.Reading;
using Microsoft.Extensions.Logging;

namespace ECapture.Tests.Integration.Querying;

/// <summary>A file's speed is its reader's speed, and nothing goes on when the reader leaves.</summary>
public sealed class StreamingTests
{
    private const long FrameLength = 1400;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_StoreThatDoesNotAnswer_IsToldToStopAndTheCallerIsTold()
    {
        var store = new EndlessStore(null) { IsSilent = true };
        await using RunningQuery query = await RunningQuery.StartAsync(new QueryServiceOptions
        {
            Store = store,
            Listen = "http://127.0.0.1:0",
            TimeLimit = TimeSpan.FromMilliseconds(100),
            Configure = b => b.Logging.ClearProviders(),
        });
        using HttpClient http = new();

        using HttpResponseMessage answer = await http.GetAsync(new Uri(query.Address, "api/v1/events"), TestContext.Current.CancellationToken);

        await store.Stopped.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("ask for less time", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pcapng_ReaderPauses_TheStorePausesAndMemoryStaysFlat()
    {
        var store = new EndlessStore(null);
        await using var service = await Service.StartAsync(store);
        using var http = new HttpClient();
        using HttpResponseMessage response = await http.GetAsync(new Uri(service.Address, "api/v1/pcapng?keys=false"), HttpCompletionOption.ResponseHeadersRead, Cancel);
        await using Stream body = await response.Content.ReadAsStreamAsync(Cancel);
        await body.ReadExactlyAsync(new byte[1 << 20], Cancel);

        long before = -1;
        while (before != store.Read)
        {
            before = store.Read;
            await Task.Delay(500, Cancel);
        }

        // Two sockets' buffers and one block of the writer, not the file.
        Assert.InRange(store.Read * FrameLength, 1 << 20, 64 << 20);
        Assert.False(store.Disposed.Task.IsCompleted);
        await body.ReadExactlyAsync(new byte[32 << 20], Cancel);
        Assert.True(store.Read > before);
    }

    [Fact]
    public async Task Pcapng_ReaderLeaves_TheReadOfTheStoreEnds()
    {
        var store = new EndlessStore(null);
        await using var service = await Service.StartAsync(store);
        using (var http = new HttpClient())
        {
            using HttpResponseMessage response = await http.GetAsync(new Uri(service.Address, "api/v1/pcapng?keys=false"), HttpCompletionOption.ResponseHeadersRead, Cancel);
            await using Stream body = await response.Content.ReadAsStreamAsync(Cancel);
            await body.ReadExactlyAsync(new byte[1 << 20], Cancel);
        }

        await store.Disposed.Task.WaitAsync(TimeSpan.FromSeconds(120), Cancel);
    }

    [Fact]
    public async Task Pcapng_StoreFailsInTheMiddle_TheReaderIsTold()
    {
        var store = new EndlessStore(failAfter: 20_000);
        await using var service = await Service.StartAsync(store);
        using var client = new QueryClient(service.Address);

        QueryClientException e = await Assert.ThrowsAsync<QueryClientException>(() => client.PcapngAsync([new("keys", "false")], Stream.Null, Cancel));

        Assert.Contains("broke off its answer", e.Message, StringComparison.Ordinal);
        Assert.False(e.IsUsage);
    }

    [Fact]
    public async Task Rebuild_StoreFailsInTheMiddle_TheFileSaysThatItIsCut()
    {
        var builder = new PcapngBuilder(new EndlessStore(failAfter: 2_000), new RebuildOptions());
        using var file = new MemoryStream();

        await Assert.ThrowsAsync<StoreException>(async () => await builder.WriteAsync(await builder.PrepareAsync(EventFilter.All, Cancel), file, Cancel));

        file.Position = 0;
        var reader = new PcapngReader(file);
        List<PcapngBlock> blocks = [];
        while (reader.Read() is { } block)
        {
            blocks.Add(block);
        }

        Assert.Null(reader.CutAt);
        Assert.Equal(2_000, blocks.Count(b => b is PacketBlock));
        Assert.StartsWith("CUT", Assert.IsType<SectionHeaderBlock>(blocks[^1]).Options.Text(OptionCode.Comment), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pcapng_HundredReadersThatDoNotRead_AreRefusedOrWaitAndOthersAreAnswered()
    {
        await using var service = await Service.StartAsync(new EndlessStore(null));
        using var http = new HttpClient();
        Task<HttpResponseMessage>[] readers = [.. Enumerable.Range(0, 100).Select(_ => http.GetAsync(
            new Uri(service.Address, "api/v1/pcapng?keys=false"), HttpCompletionOption.ResponseHeadersRead, Cancel))];
        HttpResponseMessage[] answers = await Task.WhenAll(readers);

        Assert.Equal((32, 68), (answers.Count(a => a.StatusCode == HttpStatusCode.OK), answers.Count(a => a.StatusCode == HttpStatusCode.ServiceUnavailable)));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(service.Address, "api/v1/modules"), Cancel)).StatusCode);
        Array.ForEach(answers, a => a.Dispose());
        HttpStatusCode again = HttpStatusCode.ServiceUnavailable;
        for (int i = 0; again != HttpStatusCode.OK && i < 600; i++)
        {
            // The service learns of readers that left when it writes to them.
            using HttpResponseMessage response = await http.GetAsync(
                new Uri(service.Address, "api/v1/pcapng?keys=false"), HttpCompletionOption.ResponseHeadersRead, Cancel);
            again = response.StatusCode;
            await Task.Delay(100, Cancel);
        }

        Assert.Equal(HttpStatusCode.OK, again);
    }

    [Theory]
    [InlineData("rebound.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("10.0.0.1:8080", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost:1", HttpStatusCode.OK)]
    [InlineData("[::1]:1", HttpStatusCode.OK)]
    public async Task Anything_HostOfAnotherName_IsNotAnswered(string host, HttpStatusCode status)
    {
        await using var service = await Service.StartAsync(new EndlessStore(null));
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(service.Address, "health/live"));
        request.Headers.Host = host;

        using HttpResponseMessage response = await http.SendAsync(request, Cancel);

        Assert.Equal(status, response.StatusCode);
    }

    [Theory]
    [InlineData("api/v1/status", HttpStatusCode.ServiceUnavailable, "endless: cannot be reached")]
    [InlineData("api/v1/events", HttpStatusCode.InternalServerError, "endless: broken")]
    public async Task Anything_StoreFails_IsAProblemWithItsReason(string path, HttpStatusCode status, string reason)
    {
        await using var service = await Service.StartAsync(new EndlessStore(null));
        using var http = new HttpClient();
        using HttpResponseMessage response = await http.GetAsync(new Uri(service.Address, path), Cancel);
        using JsonDocument problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel));

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(reason, problem.RootElement.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Ready_StoreDoesNotAnswer_SaysWhy()
    {
        await using var service = await Service.StartAsync(new EndlessStore(null));
        using var http = new HttpClient();
        using HttpResponseMessage response = await http.GetAsync(new Uri(service.Address, "health/ready"), Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("endless: cannot be reached\n", await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("live\n", await http.GetStringAsync(new Uri(service.Address, "health/live"), Cancel));
    }

    private sealed class Service : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private Task _run = Task.CompletedTask;

        public required Uri Address { get; set; }

        public static async Task<Service> StartAsync(IEventStoreReader store)
        {
            var started = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
            var service = new Service { Address = new Uri("http://127.0.0.1") };
            service._run = QueryService.RunAsync(
                new QueryServiceOptions { Store = store, Listen = "http://127.0.0.1:0", Started = started.SetResult, Configure = b => b.Logging.ClearProviders() },
                service._stop.Token);
            await Task.WhenAny(started.Task, service._run);
            Assert.True(started.Task.IsCompleted);
            service.Address = await started.Task;
            return service;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run.WaitAsync(TimeSpan.FromSeconds(60));
            _stop.Dispose();
        }
    }
}
