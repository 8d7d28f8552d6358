using ECapture.Capture;
using ECapture.Tests.Support.Capture;

namespace ECapture.Tests.EndToEnd.Agent;

/// <summary>Files that a user names and that are not what he says: one line, and nothing is captured instead.</summary>
[Collection(CaptureCollection.Name)]
public sealed class WrongTargetTests
{
    [Theory]
    [InlineData("tls", "/no/such/file", "TLS library /no/such/file does not exist or is no file: check the path")]
    [InlineData("tls", "/etc/passwd", "cannot capture TLS library /etc/passwd: cannot use /etc/passwd: it is not an ELF file")]
    [InlineData("tls", "/usr/bin/true", "cannot capture TLS library /usr/bin/true: secrets: it holds no key log label")]
    [InlineData("postgres", "/no/such/file", "there is no PostgreSQL program /no/such/file: give the path of an existing file")]
    [InlineData("postgres", "/etc/passwd", "cannot capture PostgreSQL program /etc/passwd: cannot use /etc/passwd: it is not an ELF file")]
    [InlineData("postgres", "/usr/bin/true", "cannot capture PostgreSQL program /usr/bin/true: it does not export secure_read and secure_write: its statements are not seen")]
    [InlineData("mysqld", "/no/such/file", "there is no MariaDB or MySQL program /no/such/file: give the path of an existing file")]
    [InlineData("mysqld", "/etc/passwd", "cannot capture MariaDB or MySQL program /etc/passwd: cannot use /etc/passwd: it is not an ELF file")]
    [InlineData("mysqld", "/usr/bin/true", "cannot capture MariaDB or MySQL program /usr/bin/true: it does not export")]
    [InlineData("bash", "/no/such/file", "there is no bash program /no/such/file: give the path of an existing file")]
    [InlineData("bash", "/etc/passwd", "cannot capture bash program /etc/passwd: it is none")]
    [InlineData("zsh", "/usr/bin/true", "cannot capture zsh program /usr/bin/true: it is none")]
    public async Task Start_FileIsNotWhatItIsSaidToBe_SaysSo(string module, string path, string message)
    {
        CaptureOptions options = module switch
        {
            "tls" => new() { TlsLibraries = [path] },
            "postgres" => new() { PostgresPrograms = [path] },
            "mysqld" => new() { MysqldPrograms = [path] },
            "bash" => new() { BashPrograms = [path] },
            _ => new() { ZshPrograms = [path] },
        };

        CaptureException e = await Assert.ThrowsAsync<CaptureException>(() => CaptureSession.StartAsync(options with { Modules = [module] }));

        Assert.True(e.IsUsage, e.Message);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }
}
