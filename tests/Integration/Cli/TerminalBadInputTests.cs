using ECapture.Tests.Support.Cli;

namespace ECapture.Tests.Integration.Cli;

/// <summary>What a user gets wrong in the terminal commands: one clear line, exit code 2. What is found out before anything is attached is in the unit tests.</summary>
public sealed class TerminalBadInputTests
{
    [Theory]
    [InlineData("tls -m pcapng -w FOLDER/a.pcapng tcp prot 443", "tcp prot 443", "pcap-filter")]
    [InlineData("tls -m pcapng -w /nonexistent/a.pcapng", "/nonexistent/a.pcapng", "--pcapfile")]
    [InlineData("tls -m pcapng -w FOLDER", "FOLDER", "--pcapfile")]
    [InlineData("tls -m keylog -k /nonexistent/keys", "/nonexistent/keys", "--keylogfile")]
    [InlineData("bash --eventaddr tcp://127.0.0.1:1", "tcp://127.0.0.1:1", "does not answer")]
    [InlineData("bash -l ws://127.0.0.1:1/", "ws://127.0.0.1:1/", "does not answer")]
    [InlineData("bash -l /nonexistent/log", "/nonexistent/log", "--logaddr")]
    [InlineData("bash --ecaptureq ws://192.0.2.1:1/", "192.0.2.1", "--ecaptureq")]
    [InlineData("bash --readlineso /bin/sh", "/bin/sh", "no function readline")]
    [InlineData("tls --settings /nonexistent/settings.json", "/nonexistent/settings.json", "--settings")]
    [InlineData("gotls -e /etc/passwd", "/etc/passwd", "Go program")]
    [InlineData("tls -m pcapng -i nope0 -w FOLDER/a.pcapng", "nope0", "lo")]
    [InlineData("tls -m keylog -k /proc/keys.log", "/proc/keys.log", "--keylogfile")]
    public async Task Run_BadInput_OneLineAndExitCode2(string arguments, string named, string advice)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-terminal-");
        try
        {
            Outcome outcome = await Ecapture.RunAsync(arguments.Replace("FOLDER", folder.FullName, StringComparison.Ordinal).Split(' '));

            Assert.True(outcome.ExitCode == 2, $"{arguments}: exit code {outcome.ExitCode}, {outcome.Errors}{outcome.Output}");
            string line = Assert.Single(outcome.ErrorLines);
            Assert.StartsWith("ecapture: ", line, StringComparison.Ordinal);
            Assert.Contains(named.Replace("FOLDER", folder.FullName, StringComparison.Ordinal), line, StringComparison.Ordinal);
            Assert.Contains(advice, line, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
