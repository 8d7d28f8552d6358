using ECapture.Cli;

namespace ECapture.Tests.Unit.Terminal;

/// <summary>What a user gets wrong in the terminal commands, as far as it shows before anything is attached: one clear line, exit code 2.</summary>
public sealed class TerminalBadInputTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-terminal-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("bash --pid 4194305", "--pid", "4194304")]
    [InlineData("tls -p 4194303", "no process 4194303", "--pid")]
    [InlineData("tls -p -1", "'-1'", "whole number")]
    [InlineData("tls -p curl", "'curl'", "whole number")]
    [InlineData("postgres -u root", "'root'", "--uid")]
    [InlineData("tls --libssl /nonexistent/libssl.so", "/nonexistent/libssl.so", "--libssl")]
    [InlineData("gnutls --gnutls /nonexistent/libgnutls.so", "/nonexistent/libgnutls.so", "--gnutls")]
    [InlineData("gotls -e /nonexistent/program", "/nonexistent/program", "--elfpath")]
    [InlineData("postgres -m /nonexistent/postgres", "/nonexistent/postgres", "--postgres")]
    [InlineData("mysqld --mysqld /nonexistent/mysqld", "/nonexistent/mysqld", "--mysqld")]
    [InlineData("bash --bash /nonexistent/bash", "/nonexistent/bash", "--bash")]
    [InlineData("bash --readlineso /nonexistent/libreadline.so", "/nonexistent/libreadline.so", "--readlineso")]
    [InlineData("tls --port 0", "'0'", "--port")]
    [InlineData("tls -p 1,x", "'x'", "--pid")]
    [InlineData("bash -e 300", "'300'", "--errnumber")]
    [InlineData("tls tcp port 443", "tcp", "-m pcapng")]
    [InlineData("tls -m pcapn", "'pcapn'", "pcapng")]
    [InlineData("tls -b 3", "'3'", "0, 1, 2")]
    [InlineData("tls -b 2 --btf-file /proc/version", "--btf-file", "leave one of the two out")]
    [InlineData("bash --btf-file /nonexistent/types", "/nonexistent/types", "there is no such file")]
    [InlineData("bash -b 1 --btf-file /proc/version", "/proc/version", "no BTF")]
    [InlineData("capture --btf 3", "'3'", "0, 1, 2")]
    [InlineData("run --btf-file /proc/version", "/proc/version", "no BTF")]
    [InlineData("tls --mapsize much", "'much'", "--mapsize")]
    [InlineData("tls --mapsize -5", "'-5'", "--mapsize")]
    [InlineData("tls -t -1", "'-1'", "--tsize")]
    [InlineData("tls --eventroratesize x", "'x'", "--eventroratesize")]
    [InlineData("tls --pidd 1", "unknown option --pidd", "--pid")]
    [InlineData("bash -l http://127.0.0.1/", "http://127.0.0.1/", "tcp://host:port")]
    [InlineData("bash --eventaddr tcp://127.0.0.1", "--eventaddr", "tcp://host:port")]
    [InlineData("tls --eventformat xml", "'xml'", "protobuf")]
    [InlineData("tls --ecaptureq ws://0.0.0.0:28257/", "other machines", "wss://")]
    [InlineData("tls --ecaptureq wss://127.0.0.1:28257/", "certificate", "--ecaptureq-cert")]
    [InlineData("tls --ecaptureq somewhere", "'somewhere'", "ws://")]
    public async Task Run_BadInput_OneLineAndExitCode2(string arguments, string named, string advice)
    {
        (int code, string output, string errors) = await RunAsync(Expand(arguments).Split(' '));

        Assert.True(code == 2, $"{arguments}: exit code {code}, {errors}{output}");
        string line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("ecapture: ", line, StringComparison.Ordinal);
        Assert.Contains(Expand(named), line, StringComparison.Ordinal);
        Assert.Contains(advice, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_EmptyFileName_OneLineAndExitCode2()
    {
        (int code, _, string errors) = await RunAsync("tls", "-m", "pcapng", "-w", "");
        Assert.Equal(2, code);
        Assert.Contains("names no file", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_EveryCommandAndAlias_HasAnExample()
    {
        foreach (string command in (string[])["tls", "openssl", "gotls", "tlsgo", "gnutls", "gnu", "nss", "nspr", "bash", "zsh", "mysqld", "postgres"])
        {
            (int code, string output, _) = await RunAsync(command, "--help");
            Assert.Equal(0, code);
            Assert.Contains("sudo ecapture ", output, StringComparison.Ordinal);
        }
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter errors = new();
        int code = await EntryPoint.RunAsync(arguments, output, errors);
        return (code, output.ToString(), errors.ToString());
    }

    private string Expand(string text) => text.Replace("FOLDER", _folder.FullName, StringComparison.Ordinal);
}
