using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary><c>ecapture tls -m keylog</c> against what curl logs itself.</summary>
[Collection(CaptureCollection.Name)]
public sealed class KeyLogTests
{
    [Fact]
    public async Task KeyLog_Tls12AndTls13_HoldsCurlsOwnLinesOnceForItsOwnerOnly()
    {
        await using NginxServer nginx = await NginxServer.StartAsync();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-keylog-");
        try
        {
            string file = Path.Combine(folder.FullName, "keys.log");
            string foreign = $"CLIENT_RANDOM {new string('a', 64)} {new string('b', 96)}";
            File.WriteAllText(file, foreign); // an older log, without a last line end
            await using TerminalRun run = await TerminalRun.StartAsync("tls", "-m", "keylog", "-k", file);

            CurlRun[] curls =
            [
                await CurlClient.RunAsync(nginx.CertificatePath, "--tls-max", "1.2", nginx.Url, "-o", "/dev/null", "--no-fail"),
                .. await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => CurlClient.RunAsync(nginx.CertificatePath, "--tlsv1.3", "--no-fail", "-o", "/dev/null", nginx.Url))),
            ];

            // Appended and flushed at once: all of it is there while the command runs.
            string[] wanted = [.. curls.SelectMany(c => c.KeyLog)];
            await run.WaitUntilAsync(() => wanted.All(File.ReadAllLines(file).Contains), "curl's own lines in the key log");
            Assert.Equal(0, await run.StopAsync());
            string[] lines = File.ReadAllLines(file);
            Assert.Equal(lines.Length, lines.Distinct().Count());
            Assert.Equal(foreign, lines[0]);
            Assert.All(lines, l => Assert.Matches("^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+$", l));
            Assert.Contains(wanted, l => l.StartsWith("CLIENT_RANDOM ", StringComparison.Ordinal));
            Assert.Contains(wanted, l => l.StartsWith("CLIENT_TRAFFIC_SECRET_0 ", StringComparison.Ordinal));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
