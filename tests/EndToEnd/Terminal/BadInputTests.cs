using ECapture.Tests.Support.Cli;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary>What a user gets wrong and only shows when something is opened or attached: one clear line, exit code 2, and no file is left.</summary>
[Collection(CaptureCollection.Name)]
public sealed class BadInputTests
{
    [Theory]
    [InlineData("tls -m pcapng -i nosuch0 -w FOLDER/a.pcapng", "no interface nosuch0")]
    [InlineData("tls --libssl /etc/passwd", "/etc/passwd")]
    [InlineData("gotls -e /etc/passwd", "not an ELF file")]
    [InlineData("tls -m keylog -k /proc/nope/keys", "--keylogfile: cannot write /proc/nope/keys")]
    [InlineData("tls -m pcapng -w /proc/a.pcapng", "--pcapfile: cannot write /proc/a.pcapng")]
    [InlineData("tls -m pcapng -w FOLDER/a.pcapng prot 443", "'prot 443' is no packet filter")]
    [InlineData("bash -l tcp://127.0.0.1:1", "--logaddr: tcp://127.0.0.1:1 does not answer")]
    [InlineData("tls --settings /nonexistent.json", "/nonexistent.json")]
    public async Task Run_BadInput_OneLineAndExitCode2(string arguments, string said)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-bad-");
        try
        {
            Outcome outcome = await Ecapture.RunAsync(arguments.Replace("FOLDER", folder.FullName, StringComparison.Ordinal).Split(' '));
            Assert.True(outcome.ExitCode == 2, $"{arguments}: {outcome.ExitCode}: {string.Join('\n', outcome.ErrorLines)}");
            string line = Assert.Single(outcome.ErrorLines);
            Assert.StartsWith("ecapture: ", line, StringComparison.Ordinal);
            Assert.Contains(said, line, StringComparison.Ordinal);
            Assert.Empty(folder.GetFiles());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
