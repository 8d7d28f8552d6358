using ECapture.Capture.Elf;
using ECapture.Capture.Modules.GnuTls;
using ECapture.Capture.Modules.Tls;
using ECapture.Capture.Symbols;

namespace ECapture.Tests.Unit.Capture.Tls;

public sealed class GnuTlsApiTests
{
    private static string LibGnuTls => LoadedLibrary.PathOf("libgnutls.so.30");

    [Theory]
    [InlineData("libgnutls.so", true)]
    [InlineData("libgnutls.so.30", true)]
    [InlineData("libgnutls.so.30.34.3", true)]
    [InlineData("libgnutls-1a2b3c4d.so.30.28.2", true)]
    [InlineData("libgnutlsxx.so.30", false)]
    [InlineData("libgnutls-dane.so.0", false)]
    [InlineData("libgnutls-openssl.so.27", false)]
    [InlineData("libgnutls-notes.txt", false)]
    [InlineData("libssl.so.3", false)]
    public void IsLibraryName_Name_IsGnuTls(string name, bool expected) => Assert.Equal(expected, GnuTlsApi.IsLibraryName(name));

    [Fact]
    public void PathsIn_LoaderCache_PathsOfTheLibrary()
    {
        byte[] cache = [.. "cache\0libgnutls.so.30\0/lib/x/libgnutls.so.30\0/lib/x/libgnutlsxx.so.30\0/lib/x/libssl.so.3\0"u8];

        Assert.Equal(["/lib/x/libgnutls.so.30"], DiskLibraries.PathsIn(cache, GnuTlsApi.Description));
    }

    [Fact]
    public void Resolve_SystemLibrary_FindsFunctionAndFields()
    {
        using ElfFile elf = ElfFile.Open(LibGnuTls);

        KeyLogResolution resolution = new KeyLogResolver(GnuTlsApi.Description.ClientRandomAccessor).Resolve(elf);

        Assert.Equal("", resolution.Tried);
        Assert.NotNull(resolution.Function);
        Assert.Contains("CLIENT_RANDOM", resolution.Function.How, StringComparison.Ordinal);
        Assert.Contains("by gnutls_session_get_random", resolution.Function.How, StringComparison.Ordinal);
        Assert.Equal(new FieldLocation(-1, 0x50), resolution.Function.ClientRandom);
        Assert.Equal(new FieldLocation(-1, 0x20), PointerWalk.Accessed(elf, GnuTlsApi.Description.MasterSecretAccessor!));
    }

    [Fact]
    public void Resolve_AccessorOfAnotherLibrary_RefusesToGuess()
    {
        using ElfFile elf = ElfFile.Open(LibGnuTls);

        KeyLogResolution resolution = new KeyLogResolver().Resolve(elf);

        Assert.Null(resolution.Function);
        Assert.Contains("SSL_get_client_random tell", resolution.Tried, StringComparison.Ordinal);
    }

    [Fact]
    public void Functions_SystemLibrary_AreAllExported()
    {
        using ElfFile elf = ElfFile.Open(LibGnuTls);

        Assert.All(GnuTlsApi.Description.Functions, f => Assert.True(elf.TryGetSymbolOffset(f.Name, out _), f.Name));
    }
}
