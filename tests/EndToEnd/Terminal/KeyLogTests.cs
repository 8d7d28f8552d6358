using System.Globalization;
using ECapture.Tests.EndToEnd.Filters;
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

    [Fact]
    public async Task KeyLog_BesideDumpcap_DecryptsItsPackets()
    {
        string marker = $"m{Guid.NewGuid():N}";
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-keylog-");
        try
        {
            string file = Path.Combine(folder.FullName, "keys.log");
            await using TerminalRun run = await TerminalRun.StartAsync("tls", "-m", "key", "-k", file);
            await using WireCapture wire = await WireCapture.StartAsync(folder.FullName, nginx.Port);
            string[] paths = [$"/page?{marker}-12", $"/page?{marker}-13"];
            CurlRun[] curls =
            [
                await CurlClient.RunAsync(nginx.CertificatePath, "--tls-max", "1.2", nginx.Url + paths[0]),
                await CurlClient.RunAsync(nginx.CertificatePath, "--tlsv1.3", nginx.Url + paths[1]),
            ];
            await wire.WaitForEndsAsync(2 * curls.Length);
            Assert.Equal(0, await run.StopAsync());

            string decrypted = await wire.DecryptAsync(File.ReadAllLines(file));
            Assert.All(paths, p => Assert.Contains(p, decrypted, StringComparison.Ordinal));
            Assert.DoesNotContain(marker, await wire.DecryptAsync([]), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("-p")]
    [InlineData("-u")]
    public async Task KeyLog_OneProcessOrUser_HoldsItsLinesAndNoOthers(string filter)
    {
        const uint Nobody = 65534;
        await using NginxServer nginx = await NginxServer.StartAsync();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-keylog-");
        try
        {
            File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_111_111); // curl writes its own key log there as nobody
            string file = Path.Combine(folder.FullName, "keys.log");
            async Task<WaitingProgram> CurlAsync(uint? uid, string name) => await WaitingProgram.StartAsync(
                uid, null, [("SSLKEYLOGFILE", Path.Combine(folder.FullName, name))], "/usr/bin/curl", "-sS", "-k", "-o", "/dev/null", nginx.Url);
            using WaitingProgram wanted = await CurlAsync(Nobody, "wanted");
            using WaitingProgram other = await CurlAsync(null, "other");
            string value = (filter == "-p" ? wanted.Pid : Nobody).ToString(CultureInfo.InvariantCulture);
            await using TerminalRun run = await TerminalRun.StartAsync("tls", "-m", "keylog", "-k", file, filter, value);

            await other.RunAsync();
            await wanted.RunAsync();
            string[] lines = KeyLogLines("wanted"), others = KeyLogLines("other");
            Assert.NotEmpty(lines);
            Assert.NotEmpty(others);
            await run.WaitUntilAsync(() => lines.All(File.ReadAllLines(file).Contains), "the lines of the process");
            Assert.Equal(0, await run.StopAsync());
            Assert.Equal(lines.Order(), File.ReadAllLines(file).Where(l => lines.Concat(others).Contains(l)).Order());

            string[] KeyLogLines(string name) => [.. File.ReadAllLines(Path.Combine(folder.FullName, name)).Where(l => !l.StartsWith('#'))];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
