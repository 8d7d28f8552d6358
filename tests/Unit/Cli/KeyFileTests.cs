using ECapture.Cli.Options;
using ECapture.Cli.Supervision;

namespace ECapture.Tests.Unit.Cli;

public sealed class KeyFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-key-");

    private string File => Path.Combine(_folder.FullName, "truncation.key");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void ReadOrMake_NoFile_MakesOneForTheOwnerAlone()
    {
        System.IO.File.WriteAllText(File + ".new", "half"); // somebody was killed here

        byte[] key = KeyFile.ReadOrMake(File);

        Assert.Equal(32, key.Length);
        Assert.Contains(key, b => b != 0);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        Assert.Equal(key, KeyFile.ReadOrMake(File));
    }

    [Fact]
    public void ReadOrMake_OthersMayReadIt_IsRefused()
    {
        KeyFile.ReadOrMake(File);
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        Assert.Contains("chmod 600", Assert.Throws<UsageException>(() => KeyFile.ReadOrMake(File)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadOrMake_NoKey_IsRefused()
    {
        System.IO.File.WriteAllText(File, "short");
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Assert.Contains("32 bytes", Assert.Throws<UsageException>(() => KeyFile.ReadOrMake(File)).Message, StringComparison.Ordinal);
    }
}
