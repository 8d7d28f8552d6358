using System.Diagnostics;
using System.Globalization;
using System.Text;
using ECapture.Events.V1;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;
using Process = System.Diagnostics.Process;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>tshark decrypts what dumpcap saw with nothing but the captured secrets.</summary>
[Collection(CaptureCollection.Name)]
public sealed class TlsDecryptionTests : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);
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
        string packets = Path.Combine(_folder, "packets.pcapng");
        CurlRun curl;
        await using (ServerProcess dumpcap = ServerProcess.Start("/usr/bin/dumpcap", ["-i", "lo", "-f", $"tcp port {nginx.Port}", "-w", packets]))
        {
            await dumpcap.WaitReadyAsync(_ => Task.FromResult(dumpcap.Output.Contains("File: ", StringComparison.Ordinal)), s_limit, TestContext.Current.CancellationToken);
            curl = await CurlClient.RunAsync(nginx.CertificatePath, [.. options, $"{nginx.Url}/{marker}"]);
            await dumpcap.WaitReadyAsync(async _ => await CountAsync(packets, "tcp.flags.fin == 1") >= 2, s_limit, TestContext.Current.CancellationToken);
        }

        int expected = curl.KeyLog.Count;
        bool IsClients(Event e) => e.TlsSecret is not null && e.Process.Pid == curl.Pid;
        bool IsServers(Event e) => e.TlsSecret is not null && e.Flow?.LocalPort == nginx.Port;
        IReadOnlyList<Event> events = await session.Log.WaitUntilAsync(
            e => e.Count(IsClients) >= expected && e.Count(IsServers) >= expected, s_limit, "the secrets of both sides");

        Assert.DoesNotContain(marker, await DecryptAsync(packets, [], nginx.Port), StringComparison.Ordinal);
        foreach (Func<Event, bool> side in (Func<Event, bool>[])[IsClients, IsServers])
        {
            string decrypted = await DecryptAsync(packets, KeyLog.Of(events.Where(side)), nginx.Port);
            Assert.Contains("/" + marker, decrypted, StringComparison.Ordinal);
            // tshark prints text bodies of HTTP/1.1 as they are, others in hexadecimal.
            string hex = Convert.ToHexStringLower(Encoding.ASCII.GetBytes(body));
            Assert.True(decrypted.Contains(body, StringComparison.Ordinal) || decrypted.Contains(hex, StringComparison.Ordinal), decrypted);
        }
    }

    private static async Task<int> CountAsync(string packets, string filter) =>
        File.Exists(packets) ? (await TsharkAsync("-r", packets, "-Y", filter)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length : 0;

    private async Task<string> DecryptAsync(string packets, IReadOnlyList<string> keys, int port)
    {
        string keyLog = Path.Combine(_folder, "keys");
        File.WriteAllLines(keyLog, keys);
        return await TsharkAsync(
            "-r", packets, "-o", "tls.keylog_file:" + keyLog, "-d", string.Create(CultureInfo.InvariantCulture, $"tcp.port=={port},tls"), "-Y", "http or http2",
            "-T", "fields", "-e", "http.request.uri", "-e", "http2.headers.path", "-e", "data.data", "-e", "http.file_data", "-e", "http2.data.data");
    }

    private static async Task<string> TsharkAsync(params string[] arguments)
    {
        ProcessStartInfo start = new("/usr/bin/tshark", ["-n", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process tshark = Process.Start(start)!;
        Task<string> errors = tshark.StandardError.ReadToEndAsync();
        string output = await tshark.StandardOutput.ReadToEndAsync();
        await tshark.WaitForExitAsync();
        bool isCut = (await errors).Contains("cut short", StringComparison.Ordinal); // dumpcap is still writing
        return tshark.ExitCode == 0 || isCut ? output : throw new InvalidOperationException($"tshark ended with {tshark.ExitCode}: {await errors}");
    }
}
