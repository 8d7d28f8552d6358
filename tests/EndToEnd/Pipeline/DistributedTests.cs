using System.Globalization;
using ECapture.Storage;
using ECapture.Tests.EndToEnd.Sealing;
using ECapture.Tests.Support;
using ECapture.Tests.Support.ClickHouse;
using ECapture.Tests.Support.Cli;
using ECapture.Tests.Support.Kafka;
using ECapture.Tests.Support.Postgres;
using ECapture.Tests.Support.Telemetry;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Pipeline;

/// <summary>
/// The distributed pipeline as processes of their own: capture -> Kafka -> sinks -> ClickHouse and PostgreSQL -> query -> pcapng -> tshark.
/// </summary>
[Collection(CaptureCollection.Name)]
public sealed class DistributedTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("ecapture-distributed-");

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public async Task Pipeline_OverKafkaIntoBothStores_TsharkDecryptsTheMarker()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        string marker = "marker" + Guid.NewGuid().ToString("N");
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await using ClickHouseServer clickHouse = await ClickHouseServer.StartAsync(cancellationToken);
        await using PostgresCluster postgres = await PostgresCluster.StartAsync(cancellationToken);
        await using NginxServer nginx = await NginxServer.StartAsync();
        await using OtlpCollector collector = await OtlpCollector.StartAsync(cancellationToken);
        StoreAddress[] stores =
            [await clickHouse.CreateDatabaseAsync("pipeline", cancellationToken), await postgres.CreateDatabaseAsync("pipeline", cancellationToken)];

        // The private key is where secrets are opened, and nowhere else.
        string key = Path.Combine(_data.FullName, "query.key");
        Outcome made = await Ecapture.RunAsync("key", "new", "--out", key);
        Assert.True(made.ExitCode == 0, made.Errors);
        string agent = Path.Combine(_data.FullName, "agent");

        await using EcaptureService capture = await StartAsync(
            ["capture", "--data", agent, "--log", broker.Address + "&compression.codec=none", "--seal-to", key + ".pub", "--modules", "tls,packet", "--interface", "lo", "--otlp", collector.Address],
            cancellationToken);
        await using EcaptureService sinkOne = await StartSinkAsync(stores[0], "sink-clickhouse", broker, collector, cancellationToken);
        await using EcaptureService sinkTwo = await StartSinkAsync(stores[1], "sink-postgres", broker, collector, cancellationToken);

        await File.WriteAllTextAsync(Path.Combine(nginx.Files, marker), "found\n", cancellationToken);
        CurlRun curl = await CurlClient.RunAsync(nginx.CertificatePath, "--http1.1", "--tlsv1.3", $"{nginx.Url}/{marker}");

        // Now: what everybody else captures meanwhile may push it out of the log once Kafka has it.
        SecretSearch search = new(curl.KeyLog, marker);
        byte[] log = [];
        await capture.WaitUntilAsync(
            () => Task.FromResult(search.IsWholeIn(log = SecretSearch.Files(Path.Combine(agent, "log"), "segment-*"))),
            "the plaintext and the client randoms are in the local log", s_patience, cancellationToken);

        await FindAndDecryptAsync(stores[0], key, marker, nginx.Port, sinkOne, collector, cancellationToken);
        await FindAndDecryptAsync(stores[1], key, marker, nginx.Port, sinkTwo, collector, cancellationToken);

        await collector.WaitForAsync(
            "metrics", ["ecapture.capture.", "ecapture.log.", "ecapture.sink.", "ecapture.query."], s_patience, cancellationToken);
        await collector.WaitForAsync("traces", ["ECapture.Sink", "ECapture.Query"], s_patience, cancellationToken);
        (int exitCode, TimeSpan took) = await capture.InterruptAsync();
        Assert.Equal(0, exitCode);
        Assert.True(took < TimeSpan.FromSeconds(60), $"capture took {took} to end");

        // Nothing between the agent and the query service can decrypt what it keeps.
        search.AssertNoneIn("the local log", log);
        search.AssertNoneIn("the broker", SecretSearch.Files(broker.LogDirectory));
        foreach (StoreAddress store in stores)
        {
            search.AssertNoneIn(store.Kind.ToString(), await SecretSearch.DumpAsync(store, cancellationToken));
        }
    }

    private static async Task<EcaptureService> StartAsync(string[] arguments, CancellationToken cancellationToken)
    {
        string health = $"http://127.0.0.1:{FreePort.Next()}";
        EcaptureService service = EcaptureService.Start([.. arguments, "--health", health]);
        await service.WaitForAsync(health + "/health/ready", s_patience, cancellationToken);
        return service;
    }

    private Task<EcaptureService> StartSinkAsync(
        StoreAddress store, string group, KafkaBroker broker, OtlpCollector collector, CancellationToken cancellationToken) =>
        StartAsync(
            ["sink", "--data", _data.FullName, "--log", broker.Address, "--store", store.Text, "--group", group, "--otlp", collector.Address],
            cancellationToken);

    private async Task FindAndDecryptAsync(
        StoreAddress store, string key, string marker, int port, EcaptureService sink, OtlpCollector collector, CancellationToken cancellationToken)
    {
        string api = $"http://127.0.0.1:{FreePort.Next()}";
        await using EcaptureService query = EcaptureService.Start(
            "query", "--data", _data.FullName, "--store", store.Text, "--key", key, "--listen", api, "--otlp", collector.Address);
        await query.WaitForAsync(api + "/health/ready", s_patience, cancellationToken);

        // Plaintext of client and server, then the packets with the secrets.
        using HttpClient http = new();
        string events = $"{api}/api/v1/events?module=tls&text={marker}&format=ndjson";
        await sink.WaitUntilAsync(
            async () => (await http.GetStringAsync(new Uri(events), cancellationToken)).Split('\n').Count(l => l.Contains(marker, StringComparison.Ordinal)) >= 2,
            $"both ends' plaintext of {marker} is in {store.Kind}", s_patience, cancellationToken);

        // The exchange that the sink made of it, as curl and as nginx saw it.
        string exchanges = $"{api}/api/v1/events?format=ndjson&filter=http.status%20%3D%3D%20200%20and%20http.path%20~%20%22{marker}%22";
        await sink.WaitUntilAsync(
            async () => (await http.GetStringAsync(new Uri(exchanges), cancellationToken)).Split('\n').Count(l => l.Contains(marker, StringComparison.Ordinal)) == 2,
            $"the exchange of {marker} is in {store.Kind}, of client and server", s_patience, cancellationToken);
        string file = Path.Combine(_data.FullName, $"{store.Kind}.pcapng");
        await sink.WaitUntilAsync(
            async () =>
            {
                Outcome rebuilt = await Ecapture.RunAsync("pcap", "--api", api, "--port", port.ToString(CultureInfo.InvariantCulture), "--reason", "test", "-w", file);
                Assert.True(rebuilt.ExitCode == 0, rebuilt.Errors);
                return (await Tshark.DecryptedAsync(file, port, cancellationToken)).Contains(marker, StringComparison.Ordinal);
            },
            $"tshark decrypts {marker} from {store.Kind}", s_patience, cancellationToken);
    }
}
