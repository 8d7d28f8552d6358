using ECapture.Capture;
using ECapture.Capture.Modules.Tls;

namespace ECapture.Tests.Unit.Capture.Tls;

public sealed class ProcessLibrariesTests
{
    [Theory]
    [InlineData("7f12a000-7f12b000 r-xp 00022000 fe:01 1234   /usr/lib/libssl.so.3", "7f12a000-7f12b000", "/usr/lib/libssl.so.3")]
    [InlineData("00400000-0040b000 r-xp 00000000 fe:01 1234   /opt/my app/libssl.so.3", "400000-40b000", "/opt/my app/libssl.so.3")]
    [InlineData("7f12a000-7f12b000 r-xp 00022000 fe:01 1234   /tmp/libssl.so.3 (deleted)", "7f12a000-7f12b000", "/tmp/libssl.so.3")]
    public void TryParse_Instructions_RangeAsMapFilesNamesIt(string line, string range, string path)
    {
        Assert.True(ProcessLibraries.TryParse(line, out ReadOnlySpan<char> foundRange, out ReadOnlySpan<char> foundPath));
        Assert.Equal(range, foundRange.ToString());
        Assert.Equal(path, foundPath.ToString());
    }

    [Theory]
    [InlineData("7f12a000-7f12b000 r--p 00022000 fe:01 1234   /usr/lib/libssl.so.3")]
    [InlineData("7ffd1000-7ffd2000 r-xp 00000000 00:00 0      [vdso]")]
    [InlineData("7f12a000-7f12b000 rw-p 00000000 00:00 0")]
    [InlineData("")]
    [InlineData("/")]
    [InlineData(" r-x/")]
    public void TryParse_OtherLine_IsFalse(string line) => Assert.False(ProcessLibraries.TryParse(line, out _, out _));

    [Theory]
    [InlineData("libssl.so", true)]
    [InlineData("libssl.so.3", true)]
    [InlineData("libssl.so.1.1", true)]
    [InlineData("libssl-3e69114b.so.1.1.1k", true)]
    [InlineData("libssl3.so", false)]
    [InlineData("libssl.a", false)]
    [InlineData("libssl-notes.txt", false)]
    [InlineData("libgnutls.so.30", false)]
    public void IsLibraryName_Name_IsOpenSsls(string name, bool expected) => Assert.Equal(expected, LibraryFile.IsOpenSslName(name));

    [Fact]
    public void PathsIn_LoaderCache_PathsOfTheLibrary()
    {
        byte[] cache = [.. "glibc-ld.so.cache1.1\0\u0001\u0002libssl.so.3\0/lib/x/libssl.so.3\0libssl3.so\0/lib/x/libssl3.so\0/lib/libssl.so.1.1\0/cut/libssl.so"u8];

        Assert.Equal(["/lib/x/libssl.so.3", "/lib/libssl.so.1.1"], DiskLibraries.PathsIn(cache, TlsApi.OpenSsl));
    }

    [Fact]
    public void Find_ThisMachine_FindsTheLoadersLibrary()
    {
        Assert.True(FileIdentity.TryRead(LoadedLibrary.LibSsl, out FileIdentity identity));

        Assert.Contains(DiskLibraries.Find(TlsApi.OpenSsl), f => f.Identity == identity);
    }

    [Fact]
    public void Find_ProcessThatMappedTheLibrary_LeadsToItsInode()
    {
        Assert.True(FileIdentity.TryRead(LoadedLibrary.LibSsl, out FileIdentity identity));

        LibraryFile found = Assert.Single(new ProcessLibraries(LibraryFile.IsOpenSslName, _ => false).Find(0, all: true), f => f.Identity == identity);

        Assert.StartsWith("/proc/", found.AccessPath, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(LoadedLibrary.LibSsl), File.ReadAllBytes(found.AccessPath));
    }

    [Fact]
    public void TryRead_FolderOrNothing_IsFalse()
    {
        Assert.False(FileIdentity.TryRead("/tmp", out _));
        Assert.False(FileIdentity.TryRead("/nonexistent", out _));
    }
}
