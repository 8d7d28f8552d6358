using ECapture.Cli.Options;
using ECapture.Cli.Supervision;

namespace ECapture.Tests.Unit.Cli;

public sealed class DataDirectoryTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ecapture-data-");

    public void Dispose() => _root.Delete(recursive: true);

    [Theory]
    [InlineData("log")]
    [InlineData("run")]
    [InlineData("store")]
    [InlineData("journal")]
    [InlineData("archive")]
    public void Create_FolderIsALink_RefusesAndLeavesItsTargetAlone(string folder)
    {
        DirectoryInfo victim = _root.CreateSubdirectory("victim");
        UnixFileMode before = victim.UnixFileMode;
        string data = Path.Combine(_root.FullName, "data");
        Directory.CreateDirectory(data);
        File.CreateSymbolicLink(Path.Combine(data, folder), victim.FullName);

        UsageException refused = Assert.Throws<UsageException>(() => new DataDirectory(data).Create(null));

        Assert.Contains(victim.FullName, refused.Message, StringComparison.Ordinal);
        victim.Refresh();
        Assert.Equal(before, victim.UnixFileMode);
    }

    [Fact]
    public void Create_Fresh_OnlyTheSharedFoldersCanBeWrittenByTheGroup()
    {
        DataDirectory data = new(Path.Combine(_root.FullName, "data"));

        data.Create(null);

        Assert.False(File.GetUnixFileMode(data.Root).HasFlag(UnixFileMode.GroupWrite));
        Assert.False(File.GetUnixFileMode(data.Store).HasFlag(UnixFileMode.GroupRead));
        Assert.True(File.GetUnixFileMode(data.Log).HasFlag(UnixFileMode.GroupWrite));
    }

    [Fact]
    public void Write_LinkIsPlanted_IsNotFollowed()
    {
        string victim = Path.Combine(_root.FullName, "victim");
        File.WriteAllText(victim, "mine");
        string file = Path.Combine(_root.FullName, "capture.json");
        File.CreateSymbolicLink(file + ".next", victim);

        new ServiceFile(Environment.ProcessId, DateTimeOffset.UtcNow, null, []).Write(file);

        Assert.Equal("mine", File.ReadAllText(victim));
        Assert.Equal(Environment.ProcessId, ServiceFile.ReadLive(file)?.Pid);
    }
}
