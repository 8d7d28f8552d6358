using System.Globalization;
using System.Net.NetworkInformation;
using ECapture.Capture;
using ECapture.Events.V1;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>Connections that were there before the agent: plaintext from the first call on; secrets are read by what newer connections taught, and proved by a record.</summary>
[Collection(CaptureCollection.Name)]
public sealed class EarlierConnectionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-earlier").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("TLSv1_3", true)]
    [InlineData("TLSv1_2", true)]
    [InlineData("TLSv1_3", false)] // nobody sees which object it uses: found in the process's memory
    public async Task Secrets_ConnectionOlderThanTheAgent_AreThoseOfItsOwnKeyLogAndTellWhereItsRecordsStand(string version, bool plaintext)
    {
        string keyLog = Path.Combine(_folder, "keys");
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        using KeepAliveClient old = await KeepAliveClient.StartAsync(nginx.Port, nginx.CertificatePath, version, keyLog);
        await old.AskAsync(times: 5);

        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["tls", "packet"], Interfaces = ["lo"], TlsPlaintext = plaintext });
        using KeepAliveClient newer = await KeepAliveClient.StartAsync(nginx.Port, nginx.CertificatePath, version);
        await newer.AskAsync();
        bool IsProved(Event e) => e.TlsSecret?.Position is not null && (e.Flow.LocalPort == old.Port || e.Flow.RemotePort == old.Port);
        await old.AskAsync();
        await session.Log.WaitUntilAsync(e => e.Count(IsProved) >= 2, TimeSpan.FromSeconds(60), "the secrets of both directions");

        IReadOnlyList<Event> events = await session.StopAsync();
        Event[] proved = [.. events.Where(IsProved)];
        string[] known = [.. KeyLog.Read(keyLog)];
        Assert.All(KeyLog.Of(proved), line => Assert.Contains(line, known));
        Assert.Single(proved.Select(e => e.Connection).Distinct());
        Assert.Equal([true, false], proved.Select(e => e.TlsSecret.Position.IsClients).Distinct().OrderDescending());
        Assert.All(proved, secret => EarlierRecords.AssertOpens(secret, events, old.Port));
    }

    [Theory]
    [InlineData("gnutls", "/usr/bin/gnutls-cli", "--insecure --port PORT 127.0.0.1")]
    [InlineData("nss", "/usr/bin/tstclnt", "-D -o -h 127.0.0.1 -p PORT")]
    public async Task Plaintext_ConnectionOlderThanTheAgent_FromTheFirstCallOnWithTuple(string module, string program, string arguments)
    {
        int port = FreePort.Next();
        await using ServerProcess server = await StartServerAsync(port);
        using ScriptProcess old = ScriptProcess.Start(program, arguments.Replace("PORT", Text(port), StringComparison.Ordinal).Split(' '));

        (Event sent, Event received) = await CaptureAsync(module, old);

        Assert.Equal(((uint)port, (uint)port), (sent.Flow.RemotePort, received.Flow.RemotePort));
        Assert.Equal(sent.Connection, received.Connection);
    }

    [Fact]
    public async Task Plaintext_OlderConnectionThroughMemory_HasTheTupleOfTheSocketThatItCameFrom()
    {
        const string Asyncio = """
            import asyncio, ssl, sys
            async def main():
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), ssl=context)
                for line in sys.stdin:
                    writer.write(line.encode())
                    print((await reader.readline()).decode(), end="")
            asyncio.run(main())
            """;
        int port = FreePort.Next();
        await using ServerProcess server = await StartServerAsync(port);
        using ScriptProcess old = ScriptProcess.Python(Asyncio, [Text(port)]);

        (Event sent, Event received) = await CaptureAsync("tls", old);

        Assert.Equal((uint)port, received.Flow?.RemotePort);
        Assert.Equal(sent.Connection, received.Connection);
    }

    // What a client says and gets whose connection stands before the agent.
    private static async Task<(Event Sent, Event Received)> CaptureAsync(string module, ScriptProcess old)
    {
        await TalkAsync(old);
        await using CaptureSession session = await CaptureSession.StartAsync(module);
        (string said, string answered) = await TalkAsync(old);
        bool Has(Event e, Direction direction, string text) => e.Process?.Pid == old.Pid && e.TlsData?.Direction == direction && TlsStream.Contains(e, text);
        await session.WaitForAsync(e => Has(e, Direction.Received, answered), "the answer");
        IReadOnlyList<Event> events = await session.StopAsync();
        return (Assert.Single(events, e => Has(e, Direction.Sent, said)), events.First(e => Has(e, Direction.Received, answered)));
    }

    private async Task<ServerProcess> StartServerAsync(int port)
    {
        TestCertificate certificate = TestCertificate.Create(_folder);
        ServerProcess server = ServerProcess.Start(
            "/usr/bin/openssl", ["s_server", "-accept", Text(port), "-cert", certificate.CertificatePath, "-key", certificate.KeyPath, "-rev"]);
        await server.WaitReadyAsync(
            _ => Task.FromResult(IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == port)), TimeSpan.FromSeconds(60),
            TestContext.Current.CancellationToken);
        return server;
    }

    // The server says each line backwards; what the client says of itself comes before.
    private static async Task<(string Said, string Answered)> TalkAsync(ScriptProcess client)
    {
        string said = $"m{Guid.NewGuid():n}";
        string answered = string.Concat(said.Reverse());
        client.WriteLine(said);
        while (!(await client.ReadLineAsync()).Contains(answered, StringComparison.Ordinal))
        {
        }

        return (said, answered);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
