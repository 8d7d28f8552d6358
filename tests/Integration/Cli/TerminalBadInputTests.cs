using ECapture.Tests.Support.Cli;

namespace ECapture.Tests.Integration.Cli;

/// <summary>What a user gets wrong in the terminal commands: one clear line, exit code 2.</summary>
public sealed class TerminalBadInputTests
{
    [Theory]
    [InlineData("bash --pid 4194305", "--pid", "4194304")]
    [InlineData("tls -p 4194303", "no process 4194303", "--pid")]
    [InlineData("tls -p -1", "'-1'", "whole number")]
    [InlineData("tls -p curl", "'curl'", "whole number")]
    [InlineData("postgres -u root", "'root'", "--uid")]
    [InlineData("tls --libssl /nonexistent/libssl.so", "/nonexistent/libssl.so", "--libssl")]
    [InlineData("gnutls --gnutls /nonexistent/libgnutls.so", "/nonexistent/libgnutls.so", "--gnutls")]
    [InlineData("gotls -e /nonexistent/program", "/nonexistent/program", "--elfpath")]
    [InlineData("gotls -e /etc/passwd", "/etc/passwd", "Go program")]
    [InlineData("postgres -m /nonexistent/postgres", "/nonexistent/postgres", "--postgres")]
    [InlineData("mysqld --mysqld /nonexistent/mysqld", "/nonexistent/mysqld", "--mysqld")]
    [InlineData("bash --bash /nonexistent/bash", "/nonexistent/bash", "--bash")]
    [InlineData("bash --readlineso /lib/x.so", "--readlineso", "not available")]
    [InlineData("bash -e 300", "'300'", "--errnumber")]
    [InlineData("tls -m pcapng -i nope0 -w FOLDER/a.pcapng", "nope0", "lo")]
    [InlineData("tls -m pcapng -w FOLDER/a.pcapng tcp prot 443", "tcp prot 443", "pcap-filter")]
    [InlineData("tls tcp port 443", "tcp", "-m pcapng")]
    [InlineData("tls -m pcapn", "'pcapn'", "pcapng")]
    [InlineData("tls -m pcapng -w /nonexistent/a.pcapng", "/nonexistent/a.pcapng", "--pcapfile")]
    [InlineData("tls -m pcapng -w FOLDER", "FOLDER", "--pcapfile")]
    [InlineData("tls -m keylog -k /nonexistent/keys", "/nonexistent/keys", "--keylogfile")]
    [InlineData("tls -m keylog -k /proc/keys.log", "/proc/keys.log", "--keylogfile")]
    [InlineData("tls -b 3", "'3'", "0, 1, 2")]
    [InlineData("tls -b 2", "--btf", "kernel's types")]
    [InlineData("tls --mapsize much", "'much'", "--mapsize")]
    [InlineData("tls --mapsize -5", "'-5'", "--mapsize")]
    [InlineData("tls -t -1", "'-1'", "--tsize")]
    [InlineData("tls --eventroratesize x", "'x'", "--eventroratesize")]
    [InlineData("tls --pidd 1", "unknown option --pidd", "--pid")]
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

    [Fact]
    public async Task Run_EmptyFileName_OneLineAndExitCode2()
    {
        Outcome outcome = await Ecapture.RunAsync("tls", "-m", "pcapng", "-w", "");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("names no file", Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_EveryCommandAndAlias_HasAnExample()
    {
        foreach (string command in (string[])["tls", "openssl", "gotls", "tlsgo", "gnutls", "gnu", "nss", "nspr", "bash", "zsh", "mysqld", "postgres"])
        {
            Outcome outcome = await Ecapture.RunAsync(command, "--help");
            Assert.Equal(0, outcome.ExitCode);
            Assert.Contains("sudo ecapture ", outcome.Output, StringComparison.Ordinal);
        }
    }
}
