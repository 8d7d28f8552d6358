using System.IO.Compression;
using System.Text;
using ECapture.Terminal.Delivery;

namespace ECapture.Tests.Unit.Terminal;

public sealed class RotatingFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-rotate-");
    private DateTime _now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private string Path => System.IO.Path.Combine(_folder.FullName, "events.log");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Write_AtItsSize_PutsTheFileAsideWithWholeRecordsOnly()
    {
        using (RotatingFile file = Open(new RotatingFileOptions { RotateBytes = 10 }))
        {
            foreach (string record in (string[])["12345\n", "6789\n", "abcdefghijklmnop\n", "x\n"])
            {
                file.Write(Encoding.ASCII.GetBytes(record));
            }

            file.Complete();
        }

        Assert.Equal(["12345\n", "6789\n", "abcdefghijklmnop\n"], Aside().Select(File.ReadAllText)); // one longer than the bound stands alone
        Assert.Equal("x\n", File.ReadAllText(Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
    }

    [Fact]
    public void Tick_AtItsAge_PutsTheFileAsideUnlessEmpty()
    {
        using RotatingFile file = Open(new RotatingFileOptions { RotateAfter = TimeSpan.FromSeconds(60) });
        _now = _now.AddSeconds(120);
        file.Tick();
        Assert.Empty(Aside());
        file.Write("one\n"u8);
        _now = _now.AddSeconds(60);
        file.Tick();
        Assert.Equal("one\n", File.ReadAllText(Assert.Single(Aside())));
        Assert.Equal(0, new FileInfo(Path).Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rotation_MoreThanAreKept_DeletesTheOldestAndNothingElse(bool compress)
    {
        string other = System.IO.Path.Combine(_folder.FullName, "events-of-mine.log");
        File.WriteAllText(other, "mine");
        using (RotatingFile file = Open(new RotatingFileOptions { RotateBytes = 1, Keep = 2, Compress = compress }))
        {
            for (int i = 0; i < 5; i++)
            {
                file.Write(Encoding.ASCII.GetBytes($"{i}\n"));
                _now = _now.AddSeconds(1);
            }

            file.Complete();
        }

        string[] aside = Aside();
        Assert.Equal(["2\n", "3\n"], aside.Select(f => compress ? Unpack(f) : File.ReadAllText(f)));
        Assert.All(aside, f => Assert.EndsWith(compress ? ".log.gz" : ".log", f, StringComparison.Ordinal));
        Assert.Equal("mine", File.ReadAllText(other));
    }

    [Fact]
    public void Open_FileThatExists_IsAppendedTo()
    {
        File.WriteAllText(Path, "old\n");
        using (RotatingFile file = Open(new RotatingFileOptions()))
        {
            file.Write("new\n"u8);
        }

        Assert.Equal("old\nnew\n", File.ReadAllText(Path));
    }

    private static string Unpack(string path)
    {
        using GZipStream gzip = new(File.OpenRead(path), CompressionMode.Decompress);
        using StreamReader reader = new(gzip);
        return reader.ReadToEnd();
    }

    private RotatingFile Open(RotatingFileOptions options) => RotatingFile.Open(Path, options, () => _now);

    private string[] Aside() => [.. RotatedName.FindAside(Path).Order(StringComparer.Ordinal)];
}
