using System.Diagnostics;
using ECapture.Cli.Commands;
using ECapture.Cli.Options;
using ECapture.Query.Pcap;

namespace ECapture.Tests.Unit.Cli;

public sealed class PcapFileTests : IDisposable
{
    private static readonly RebuildReport s_report = new(1, 1, 1, 0, 4);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-pcap-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task WriteAsync_NewFile_IsItsOwnersAlone()
    {
        string file = In("a.pcapng");

        await PcapFile.WriteAsync(file, Four);

        Assert.Equal(4, new FileInfo(file).Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public async Task WriteAsync_SomebodyElsesPart_IsNotWrittenInto()
    {
        string file = In("a.pcapng");
        await File.WriteAllTextAsync(file + ".part", "", TestContext.Current.CancellationToken);

        await PcapFile.WriteAsync(file, Four);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(0, new FileInfo(file + ".part").Length);
    }

    [Fact]
    public async Task WriteAsync_ItFails_TheOldFileStaysAndNothingElse()
    {
        string file = In("a.pcapng");
        await File.WriteAllTextAsync(file, "old", TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<IOException>(() => PcapFile.WriteAsync(file, async output =>
        {
            await Four(output);
            throw new IOException("it broke off");
        }));

        Assert.Equal("old", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public async Task WriteAsync_SymbolicLink_WritesWhatItNames()
    {
        string file = In("a.pcapng");
        string link = In("link");
        File.CreateSymbolicLink(link, file);

        await PcapFile.WriteAsync(link, Four);

        Assert.Equal(4, new FileInfo(file).Length);
        Assert.Equal(file, new FileInfo(link).LinkTarget);
    }

    [Fact]
    public async Task WriteAsync_NamedPipe_IsWrittenAndStays()
    {
        string pipe = In("pipe");
        using (Process made = Process.Start("mkfifo", pipe))
        {
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Task<byte[]> read = Task.Run(() => File.ReadAllBytes(pipe), TestContext.Current.CancellationToken);
        await PcapFile.WriteAsync(pipe, Four);

        Assert.Equal(new byte[] { 1, 2, 3, 4 }, await read.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        Assert.Single(_folder.GetFiles());
    }

    [Theory]
    [InlineData("missing/a.pcapng", "missing/a.pcapng")]
    [InlineData(".", "directory")]
    public async Task WriteAsync_NoPlaceForAFile_SaysSo(string name, string named)
    {
        UsageException e = await Assert.ThrowsAsync<UsageException>(() => PcapFile.WriteAsync(In(name), Four));

        Assert.StartsWith("-w: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }

    private static async Task<RebuildReport> Four(Stream output)
    {
        await output.WriteAsync(new byte[] { 1, 2, 3, 4 });
        return s_report;
    }

    private string In(string name) => Path.Combine(_folder.FullName, name);
}
