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

    private static Event[] Received(IEnumerable<Event> events, CurlRun run) => TlsStream.Data(events, e => e.Process?.Pid == run.Pid, Direction.Received);
}
