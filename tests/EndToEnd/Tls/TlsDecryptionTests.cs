using System.Text;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>tshark decrypts what dumpcap saw with nothing but the captured secrets.</summary>
[Collection(CaptureCollection.Name)]
public sealed class TlsDecryptionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-decrypt").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("--tls-max", "1.2", "--http1.1")]
    [InlineData("--tlsv1.3", "--http1.1")]
    [InlineData("--tlsv1.3", "--http2")]
    public async Task CapturedSecrets_OfEitherSide_DecryptThePackets(params string[] options)
    {
        string marker = $"m{Guid.NewGuid():n}";
        string body = "body of " + marker;
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, marker), body);
        await using CaptureSession session = await CaptureSession.StartAsync("tls");
        await using WireCapture wire = await WireCapture.StartAsync(_folder, nginx.Port);
        CurlRun curl = await CurlClient.RunAsync(nginx.CertificatePath, [.. options, $"{nginx.Url}/{marker}"]);
        await wire.WaitForEndsAsync(2);

        int expected = curl.KeyLog.Count;
        bool IsClients(Event e) => e.TlsSecret is not null && e.Process.Pid == curl.Pid;
        bool IsServers(Event e) => e.TlsSecret is not null && e.Flow?.LocalPort == nginx.Port;
        IReadOnlyList<Event> events = await session.Log.WaitUntilAsync(
            e => e.Count(IsClients) >= expected && e.Count(IsServers) >= expected, TimeSpan.FromSeconds(60), "the secrets of both sides");

        Assert.DoesNotContain(marker, await wire.DecryptAsync([]), StringComparison.Ordinal);
        foreach (Func<Event, bool> side in (Func<Event, bool>[])[IsClients, IsServers])
        {
            string decrypted = await wire.DecryptAsync(KeyLog.Of(events.Where(side)));
            Assert.Contains("/" + marker, decrypted, StringComparison.Ordinal);
            // tshark prints text bodies of HTTP/1.1 as they are, others in hexadecimal.
            string hex = Convert.ToHexStringLower(Encoding.ASCII.GetBytes(body));
            Assert.True(decrypted.Contains(body, StringComparison.Ordinal) || decrypted.Contains(hex, StringComparison.Ordinal), decrypted);
        }
    }
}
