using ECapture.Query.Callers;
using ECapture.Query.Releases;

namespace ECapture.Tests.Unit.Callers;

public sealed class ReleaseFileTests : IDisposable
{
    private const string Query = "?process=curl&reason=ticket";
    private static readonly DateTimeOffset s_now = new(2026, 11, 20, 9, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-releases-");

    private string Path => System.IO.Path.Combine(_folder.FullName, "releases");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Read_AfterEveryState_HasItAsItWas()
    {
        string waiting, approved, denied, used;
        using (ReleaseFile file = ReleaseFile.Open(Path))
        {
            var releases = new KeyReleases(file);
            (waiting, approved, denied, used) = (Ask(releases, "ann"), Ask(releases, "bob"), Ask(releases, "carl"), Ask(releases, "dora"));
            releases.Decide(approved, "ann", approves: true, s_now);
            releases.Decide(denied, "ann", approves: false, s_now);
            releases.Decide(used, "ann", approves: true, s_now);
            releases.Use("dora", Query, "ticket", s_now);
        }

        using ReleaseFile again = ReleaseFile.Open(Path);
        var read = new KeyReleases(again);

        Assert.Equal(
            (ReleaseState.Waiting, ReleaseState.Approved, ReleaseState.Denied, ReleaseState.Used),
            (State(read, waiting), State(read, approved), State(read, denied), State(read, used)));
        Assert.Equal(waiting, Ask(read, "ann"));
        Assert.Equal("ann", read.Use("bob", Query, "ticket", s_now).By);
        Assert.Throws<AccessRefusedException>(() => read.Use("dora", Query, "ticket", s_now));
        Assert.Equal(ReleaseState.Expired, read.Find(waiting, s_now + KeyReleases.Waiting)!.State);
    }

    [Fact]
    public void Read_ApprovalThatExpiredMeanwhile_CountsNoMore()
    {
        using (ReleaseFile file = ReleaseFile.Open(Path))
        {
            var releases = new KeyReleases(file);
            releases.Decide(Ask(releases, "ann"), "bob", approves: true, s_now);
        }

        using ReleaseFile again = ReleaseFile.Open(Path);
        Assert.Throws<AccessRefusedException>(() => new KeyReleases(again).Use("ann", Query, "ticket", s_now + KeyReleases.Counting));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"releases\":[{\"id\"")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"releases\":[null]}")]
    [InlineData("{\"releases\":[{\"id\":\"1\"}]}")]
    public void Read_SomethingElse_NamesTheFile(string text)
    {
        using ReleaseFile file = ReleaseFile.Open(Path);
        string path = System.IO.Path.Combine(Path, "releases.json");
        File.WriteAllText(path, text);

        Assert.Contains(path, Assert.Throws<ReleaseException>(() => new KeyReleases(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WhileAnotherHasIt_IsRefused()
    {
        using (ReleaseFile.Open(Path))
        {
            Assert.Contains("--data", Assert.Throws<ReleaseException>(() => ReleaseFile.Open(Path)).Message, StringComparison.Ordinal);
        }

        ReleaseFile.Open(Path).Dispose();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path));
    }

    private static ReleaseState State(KeyReleases releases, string id) => releases.Find(id, s_now)!.State;

    private static string Ask(KeyReleases releases, string actor) =>
        Assert.Throws<AccessRefusedException>(() => releases.Use(actor, Query, "ticket", s_now)).Message.Split("release ")[1][..16];
}
