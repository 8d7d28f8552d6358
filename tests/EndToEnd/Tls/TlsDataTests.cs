using System.Security.Cryptography;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Tls;

[Collection(CaptureCollection.Name)]
public sealed class TlsDataTests
{
    [Theory]
    [InlineData(1, "--http1.1", "--tlsv1.3")]
    [InlineData(16 * 1024, "--http1.1", "--tls-max", "1.2")]
    [InlineData(1 << 20, "--http1.1", "--tlsv1.3")]
    [InlineData(8 << 20, "--http1.1", "--tlsv1.3")]
    [InlineData(1, "--http2", "--tlsv1.3")]
    [InlineData(16 * 1024, "--http2", "--tls-max", "1.2")]
    [InlineData(1 << 20, "--http2", "--tlsv1.3")]
    [InlineData(8 << 20, "--http2", "--tlsv1.3")]
    public async Task Plaintext_Download_IsTheFileOnBothSides(int size, params string[] options)
    {
        byte[] payload = RandomNumberGenerator.GetBytes(size);
        string marker = $"m{Guid.NewGuid():n}";
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllBytes(Path.Combine(nginx.Files, "file"), payload);
        await using CaptureSession session = await CaptureSession.StartAsync("tls");

        CurlRun curl = await CurlClient.RunAsync(nginx.CertificatePath, [.. options, "-H", $"X-Marker: {marker}", nginx.Url + "/file"]);
        Assert.Equal(payload, curl.Output);
        NginxRequest request = await nginx.RequestAsync(marker);

        await AssertPayloadAsync(
            session, payload, options, e => e.Process?.Pid == curl.Pid, Direction.Received, e => IsServers(e, nginx, request), Direction.Sent);
        Event sent = TlsStream.Data(session.Events, e => e.Process?.Pid == curl.Pid, Direction.Sent)[0];
        Assert.Equal((uint)request.Port, sent.Flow.LocalPort);
        Assert.Equal((uint)nginx.Port, sent.Flow.RemotePort);
    }

    [Theory]
    [InlineData(1, "--http1.1")]
    [InlineData(8 << 20, "--http1.1")]
    [InlineData(8 << 20, "--http2")]
    public async Task Plaintext_Upload_IsTheFileOnBothSides(int size, params string[] options)
    {
        byte[] payload = RandomNumberGenerator.GetBytes(size);
        string marker = $"m{Guid.NewGuid():n}";
        await using NginxServer nginx = await NginxServer.StartAsync();
        string source = Path.Combine(nginx.Files, "source");
        File.WriteAllBytes(source, payload);
        await using CaptureSession session = await CaptureSession.StartAsync("tls");

        CurlRun curl = await CurlClient.RunAsync(
            nginx.CertificatePath, [.. options, "-H", "Expect:", "-H", $"X-Marker: {marker}", "-T", source, nginx.Url + "/target"]);
        NginxRequest request = await nginx.RequestAsync(marker);
        Assert.Equal(payload, File.ReadAllBytes(Path.Combine(nginx.Files, "target")));

        await AssertPayloadAsync(
            session, payload, options, e => e.Process?.Pid == curl.Pid, Direction.Sent, e => IsServers(e, nginx, request), Direction.Received);
    }

    private static bool IsServers(Event e, NginxServer nginx, NginxRequest request) =>
        e.Flow is not null && e.Flow.LocalPort == nginx.Port && e.Flow.RemotePort == request.Port;

    private static async Task AssertPayloadAsync(
        CaptureSession session, byte[] payload, string[] options, Func<Event, bool> client, Direction clientDirection,
        Func<Event, bool> server, Direction serverDirection)
    {
        long Size(IReadOnlyList<Event> events, Func<Event, bool> process, Direction direction) =>
            TlsStream.Data(events, process, direction).Sum(e => (long)e.TlsData.Data.Length);

        await session.Log.WaitUntilAsync(
            e => Size(e, client, clientDirection) > payload.Length && Size(e, server, serverDirection) > payload.Length,
            TimeSpan.FromSeconds(60), "the plaintext of both sides");
        IReadOnlyList<Event> events = await session.StopAsync();

        Func<byte[], byte[]> body = options.Contains("--http2") ? s => TlsStream.Http2Data(s) : TlsStream.Http1Body;
        byte[] atClient = body(TlsStream.Join(TlsStream.Data(events, client, clientDirection)));
        byte[] atServer = body(TlsStream.Join(TlsStream.Data(events, server, serverDirection)));
        Assert.Equal(payload.Length, atClient.Length);
        Assert.Equal(payload.Length, atServer.Length);
        Assert.Equal(SHA256.HashData(payload), SHA256.HashData(atClient));
        Assert.Equal(SHA256.HashData(payload), SHA256.HashData(atServer));
        Assert.DoesNotContain(events, e => e.Loss is not null);
    }
}
