using System.Globalization;
using System.Text;
using ECapture.Capture;
using ECapture.Events.V1;
using ECapture.Tests.EndToEnd.Tls;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.GoTls;

[Collection(CaptureCollection.Name)]
public sealed class GoTlsProgramTests(GoPrograms programs) : IClassFixture<GoPrograms>, IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-gotls").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("normal", "1.2")]
    [InlineData("stripped", "1.3")]
    [InlineData("pie-stripped", "1.3")]
    public async Task CapturedSecrets_OfEitherSide_DecryptThePackets(string build, string tls)
    {
        string marker = $"m{Guid.NewGuid():n}";
        string body = "body of " + marker;
        await using GoServer server = await programs.StartServerAsync(programs[build], tls);
        File.WriteAllText(Path.Combine(server.Folder, marker), body);
        await using CaptureSession session = await CaptureSession.StartAsync("gotls");
        await using WireCapture wire = await WireCapture.StartAsync(_folder, server.Port);
        CurlRun run = await programs.RunClientAsync(programs[build], server.CertificatePath, tls, $"{server.Url}/{marker}");
        await wire.WaitForEndsAsync(1); // the server answers with a reset

        bool IsClients(Event e) => e.TlsSecret is not null && e.Process.Pid == run.Pid;
        bool IsServers(Event e) => e.TlsSecret is not null && e.Process.Pid == server.Pid;
        IReadOnlyList<Event> events = await session.Log.WaitUntilAsync(
            e => e.Count(IsClients) >= run.KeyLog.Count && e.Count(IsServers) >= run.KeyLog.Count, s_limit, "the secrets of both sides");

        Assert.DoesNotContain(marker, await wire.DecryptAsync([]), StringComparison.Ordinal);
        foreach (Func<Event, bool> side in (Func<Event, bool>[])[IsClients, IsServers])
        {
            string decrypted = await wire.DecryptAsync(KeyLog.Of(events.Where(side)));
            Assert.Contains("/" + marker, decrypted, StringComparison.Ordinal);
            string hex = Convert.ToHexStringLower(Encoding.ASCII.GetBytes(body));
            Assert.True(decrypted.Contains(body, StringComparison.Ordinal) || decrypted.Contains(hex, StringComparison.Ordinal), decrypted);
        }
    }

    [Theory]
    [InlineData("stripped", "1.3")]
    [InlineData("pie-stripped", "1.2")]
    public async Task Client_WithAConnectionOlderThanTheAgent_IsCapturedFromItsFirstRequestAndItsSecretsAreProved(string build, string tls)
    {
        string marker = $"m{Guid.NewGuid():n}";
        string keyLog = Path.Combine(_folder, "keys");
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "the page");
        using ScriptProcess old = ScriptProcess.Start(programs[build], ["keep", "-ca", nginx.CertificatePath, "-keylog", keyLog, "-tls", tls, nginx.Url + "/page"]);
        old.WriteLine("first");
        uint port = uint.Parse(await old.ReadLineAsync(), CultureInfo.InvariantCulture);
        Assert.Equal("the page", await old.ReadLineAsync());

        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["gotls", "packet"], Interfaces = ["lo"] });
        old.WriteLine(marker);
        Assert.Equal("the page", await old.ReadLineAsync());

        await AssertIsCapturedAsync(session, old.Pid, port, (uint)nginx.Port, (marker, Direction.Sent), ("the page", Direction.Received), keyLog, isTls13: tls == "1.3");
    }

    [Theory]
    [InlineData("normal", "1.3")]
    [InlineData("stripped", "1.2")]
    public async Task Server_WithAConnectionOlderThanTheAgent_IsCapturedFromItsFirstRequestAndItsSecretsAreProved(string build, string tls)
    {
        string marker = $"m{Guid.NewGuid():n}";
        await using GoServer server = await programs.StartServerAsync(programs[build], tls);
        File.WriteAllText(Path.Combine(server.Folder, "page"), "the page");
        using KeepAliveClient old = await KeepAliveClient.StartAsync(server.Port, server.CertificatePath);
        await old.AskAsync(times: 3);

        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["gotls", "packet"], Interfaces = ["lo"] });
        await old.AskAsync(marker);

        await AssertIsCapturedAsync(
            session, server.Pid, (uint)server.Port, old.Port, (marker, Direction.Received), ("the page", Direction.Sent), server.KeyLogPath, isTls13: tls == "1.3");
    }

    [Fact]
    public async Task Read_IntoAStackThatMoves_IsWhatTheProgramGot()
    {
        string page = string.Join('\n', Enumerable.Range(0, 4000));
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), page);
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["gotls"], GoPrograms = [programs["normal"]] });

        CurlRun run = await programs.RunAsync("stack", programs["normal"], nginx.CertificatePath, "1.3", nginx.Url + "/page");
        await session.Log.WaitUntilAsync(
            e => Received(e, run).Sum(d => d.TlsData.Data.Length) >= run.Output.Length, s_limit, "the page");
        IReadOnlyList<Event> events = await session.StopAsync();

        byte[] captured = TlsStream.Join(Received(events, run));
        Assert.Equal(run.Output, captured);
        Assert.Equal(page, Encoding.ASCII.GetString(TlsStream.Http1Body(captured)));
    }

    [Theory]
    [InlineData("/no/such/program", "there is no Go program /no/such/program")]
    [InlineData("/usr/bin/curl", "cannot capture Go program /usr/bin/curl: it is no Go program")]
    [InlineData("/etc/passwd", "cannot capture Go program /etc/passwd: cannot use /etc/passwd: it is not an ELF file")]
    public async Task Start_ProgramThatIsNone_SaysSo(string path, string message)
    {
        CaptureException e = await Assert.ThrowsAsync<CaptureException>(
            () => CaptureSession.StartAsync(new CaptureOptions { Modules = ["gotls"], GoPrograms = [path] }));

        Assert.True(e.IsUsage);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    // The request and its answer, whole, on the connection's addresses, and the secrets of both directions.
    private static async Task AssertIsCapturedAsync(
        CaptureSession session, uint pid, uint localPort, uint remotePort, (string Text, Direction Direction) request, (string Text, Direction Direction) answer, string keyLog, bool isTls13)
    {
        bool Has(Event e, (string Text, Direction Direction) what) => e.Process?.Pid == pid && e.TlsData?.Direction == what.Direction && TlsStream.Contains(e, what.Text);
        bool IsProved(Event e) => e.TlsSecret?.Position is not null && e.Process.Pid == pid;
        await session.Log.WaitUntilAsync(
            e => e.Count(IsProved) >= 2 && e.Any(d => Has(d, request)) && e.Any(d => Has(d, answer)), s_limit, "request, answer and the secrets of both directions");
        IReadOnlyList<Event> events = await session.StopAsync();

        Event[] proved = [.. events.Where(IsProved)];
        Event[] data = [.. events.Where(e => e.TlsData is not null && e.Process.Pid == pid)];
        string asked = Encoding.ASCII.GetString(TlsStream.Join(data.Where(e => e.TlsData.Direction == request.Direction)));
        string answered = Encoding.ASCII.GetString(TlsStream.Join(data.Where(e => e.TlsData.Direction == answer.Direction)));
        Assert.StartsWith("GET /page HTTP/1.1", asked, StringComparison.Ordinal);
        Assert.Contains(request.Text, asked, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 OK", answered, StringComparison.Ordinal);
        Assert.EndsWith(answer.Text, answered, StringComparison.Ordinal);
        Assert.All(data, e => Assert.Equal((localPort, remotePort), (e.Flow.LocalPort, e.Flow.RemotePort)));
        Assert.Single(data.Concat(proved).Select(e => e.Connection).Distinct());
        Assert.Single(proved.Select(e => e.TlsSecret.ClientRandom).Distinct());
        Assert.Equal([true, false], proved.Select(e => e.TlsSecret.Position.IsClients).Distinct().OrderDescending());

        // Go forgets the client random of TLS 1.3.
        string[] known = [.. KeyLog.Read(keyLog).Select(line => isTls13 ? WithoutRandom(line) : line)];
        Assert.All(KeyLog.Of(proved), line => Assert.Contains(isTls13 ? WithoutRandom(line) : line, known));
        Assert.All(proved, e => Assert.Equal(isTls13, e.TlsSecret.Position.IsRandomMade));
        uint clientPort = request.Direction == Direction.Sent ? localPort : remotePort;
        Assert.All(proved, e => EarlierRecords.AssertOpens(e, events, clientPort));
    }

    private static string WithoutRandom(string line) => line.Split(' ') is [string label, _, string secret] ? label + " " + secret : line;

    private static Event[] Received(IEnumerable<Event> events, CurlRun run) => TlsStream.Data(events, e => e.Process?.Pid == run.Pid, Direction.Received);
}
