using ECapture.Capture.Elf;
using ECapture.Capture.Symbols;

namespace ECapture.Tests.Unit.Capture.Tls;

public sealed class KeyLogResolverTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-keylog").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Resolve_SystemLibssl_FindsFunctionAndClientRandomInTwoWays()
    {
        using ElfFile elf = ElfFile.Open(LoadedLibrary.LibSsl);

        KeyLogResolution resolution = new KeyLogResolver().Resolve(elf);

        Assert.Equal("", resolution.Tried);
        Assert.NotNull(resolution.Function);
        Assert.True(elf.TryGetSection(".text", out ElfSection text));
        Assert.InRange(resolution.Function.FileOffset, text.Offset, text.Offset + text.Size);
        Assert.Contains("EXPORTER_SECRET", resolution.Function.How, StringComparison.Ordinal);
        Assert.Contains("by the function's own code and by SSL_get_client_random", resolution.Function.How, StringComparison.Ordinal);
        Assert.Contains("CLIENT_TRAFFIC_SECRET_0", resolution.Function.Labels.Values);
    }

    [Fact]
    public void Resolve_SystemLibssl_ClientRandomIsWhereTheLibraryPutsIt()
    {
        using ElfFile elf = ElfFile.Open(LoadedLibrary.LibSsl);
        FieldLocation location = new KeyLogResolver().Resolve(elf).Function!.ClientRandom;

        using OpenSslConnection connection = OpenSslConnection.Handshake();

        Assert.Equal(connection.ClientRandom(), connection.Read(location.Pointer, location.Offset));
        Assert.Contains(connection.ClientRandom(), b => b != 0);
    }

    [Fact]
    public void Resolve_NoTlsLibrary_SaysThereAreNoLabels()
    {
        using ElfFile elf = ElfFile.Open(LoadedLibrary.PathOf("libstdc++.so.6"));

        KeyLogResolution resolution = new KeyLogResolver().Resolve(elf);

        Assert.Null(resolution.Function);
        Assert.Contains("no key log label", resolution.Tried, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_LabelsOverwritten_SaysThereAreNoLabels() =>
        Assert.Contains("no key log label", Changed(bytes => Replace(bytes, "CLIENT_RANDOM", "_SECRET")).Tried, StringComparison.Ordinal);

    [Fact]
    public void Resolve_OnlyOneLabelLeft_RefusesToGuess()
    {
        KeyLogResolution resolution = Changed(bytes => Replace(bytes, "EXPORTER_SECRET\0"));

        Assert.Null(resolution.Function);
        Assert.Contains("no function is clearly the one", resolution.Tried, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_AccessorSaysOtherwise_RefusesToGuess()
    {
        KeyLogResolution resolution = Changed(bytes =>
        {
            using ElfFile elf = ElfFile.Open(LoadedLibrary.LibSsl);
            Assert.True(elf.TryGetSymbolOffset("SSL_get_client_random", out ulong offset));
            byte[] other = [0x48, 0x8b, 0x87, 0x80, 0x01, 0, 0, 0xc3, 0xc3, 0xc3, 0xc3]; // mov rax,[rdi+0x180]; ret
            bytes.AsSpan((int)offset, 512).Fill(0xc3);
            other.CopyTo(bytes.AsSpan((int)offset));
        });

        Assert.Null(resolution.Function);
        Assert.Contains("SSL_get_client_random says conn+0x180", resolution.Tried, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_DamagedCode_NeverThrows()
    {
        Random random = new(7);
        int placed = 0;
        for (int round = 0; round < 40; round++)
        {
            KeyLogResolution resolution = Changed(bytes =>
            {
                for (int i = 0; i < 20_000; i++)
                {
                    bytes[random.Next(0x22000, 0x7b000)] = (byte)random.Next(256);
                }
            });
            placed += resolution.Function is null ? 0 : 1;
            Assert.True(resolution.Function is not null ^ resolution.Tried.Length > 0);
        }

        Assert.InRange(placed, 0, 40);
    }

    private static void Replace(byte[] bytes, params string[] texts)
    {
        foreach (string text in texts)
        {
            byte[] wanted = [.. text.Select(c => (byte)c)];
            while (bytes.AsSpan().IndexOf(wanted) is >= 0 and int at)
            {
                bytes[at] = (byte)'x';
            }
        }
    }

    private KeyLogResolution Changed(Action<byte[]> change)
    {
        byte[] bytes = File.ReadAllBytes(LoadedLibrary.LibSsl);
        change(bytes);
        string path = Path.Combine(_folder, "libssl.so");
        File.WriteAllBytes(path, bytes);
        using ElfFile elf = ElfFile.Open(path);
        return new KeyLogResolver().Resolve(elf);
    }
}
