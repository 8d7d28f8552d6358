using System.Buffers.Binary;
using ECapture.Capture;
using ECapture.Capture.Elf;

namespace ECapture.Tests.Unit.Capture.Elf;

public sealed class ElfFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-elf").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("SSL_read")]
    [InlineData("SSL_write")]
    [InlineData("SSL_read_ex")]
    [InlineData("SSL_get_client_random")]
    [InlineData("SSL_free")]
    public void TryGetSymbolOffset_ExportOfLibssl_IsWhereTheLoaderPutsIt(string symbol)
    {
        using ElfFile elf = ElfFile.Open(LoadedLibrary.LibSsl);

        Assert.True(elf.TryGetSymbolOffset(symbol, out ulong offset));

        Assert.Equal(LoadedLibrary.FileOffsetOf("libssl.so.3", symbol), offset);
    }

    [Fact]
    public void TryGetSymbolOffset_SegmentWhereAddressIsNotOffset_IsWhereTheLoaderPutsIt()
    {
        using ElfFile elf = ElfFile.Open(LoadedLibrary.PathOf("libstdc++.so.6"));

        Assert.True(elf.TryGetSymbolOffset("__cxa_throw", out ulong offset));

        Assert.Equal(LoadedLibrary.FileOffsetOf("libstdc++.so.6", "__cxa_throw"), offset);
    }

    [Fact]
    public void TryGetSymbol_NotDefined_IsFalse()
    {
        using ElfFile elf = ElfFile.Open(LoadedLibrary.LibSsl);

        Assert.False(elf.TryGetSymbol("SSL_rea", out _)); // a prefix
        Assert.False(elf.TryGetSymbol("malloc", out _)); // undefined there
        Assert.False(elf.TryGetSymbol("", out _));
    }

    [Fact]
    public void Open_LibraryWithoutSectionHeaders_FindsTheSameSymbols()
    {
        byte[] bytes = File.ReadAllBytes(LoadedLibrary.LibSsl);
        bytes.AsSpan(40, 8).Clear(); // e_shoff
        bytes.AsSpan(60, 4).Clear(); // e_shnum, e_shstrndx
        using ElfFile elf = ElfFile.Open(Write(bytes));

        Assert.Empty(elf.Sections);
        Assert.True(elf.TryGetSymbolOffset("SSL_write_ex", out ulong offset));
        Assert.Equal(LoadedLibrary.FileOffsetOf("libssl.so.3", "SSL_write_ex"), offset);
    }

    [Fact]
    public void BuildId_Libssl_IsTheNotesValue()
    {
        using ElfFile elf = ElfFile.Open(LoadedLibrary.LibSsl);
        Assert.True(elf.TryGetSection(".note.gnu.build-id", out ElfSection section));
        byte[] note = File.ReadAllBytes(elf.Path).AsSpan((int)section.Offset, (int)section.Size).ToArray();

        Assert.Equal(20, elf.BuildId.Length);
        Assert.Equal(note[^20..], elf.BuildId.ToArray());
    }

    [Theory]
    [InlineData("", "not an ELF file")]
    [InlineData("#!/bin/sh\necho no\n", "not an ELF file")]
    [InlineData("\u007fELF", "header is cut")]
    public void Open_NotAnElfFile_SaysSo(string content, string expected)
    {
        string path = Write([.. content.Select(c => (byte)c)]);

        CaptureException e = Assert.Throws<CaptureException>(() => ElfFile.Open(path));

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, 1, "32-bit")]
    [InlineData(5, 2, "big-endian")]
    public void Open_OtherClassOrOrder_SaysSo(int at, byte value, string expected)
    {
        byte[] bytes = File.ReadAllBytes(LoadedLibrary.LibSsl);
        bytes[at] = value;
        string path = Write(bytes);

        CaptureException e = Assert.Throws<CaptureException>(() => ElfFile.Open(path));

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_Missing_SaysSo() =>
        Assert.Contains("cannot read", Assert.Throws<CaptureException>(() => ElfFile.Open(Path.Combine(_folder, "none"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Open_Folder_SaysSo() =>
        Assert.Contains("cannot read", Assert.Throws<CaptureException>(() => ElfFile.Open(_folder)).Message, StringComparison.Ordinal);

    [Fact]
    public void Open_CutAnywhere_IsAClearErrorOrWorks()
    {
        byte[] whole = File.ReadAllBytes(LoadedLibrary.LibSsl);
        int refused = 0;
        for (int length = 0; length < whole.Length; length += length < 1024 ? 13 : 9973)
        {
            string path = Write(whole.AsSpan(0, length));
            try
            {
                using ElfFile elf = ElfFile.Open(path);
                elf.TryGetSymbolOffset("SSL_read", out _);
                Assert.True(elf.BuildId.Length is 0 or 20);
            }
            catch (CaptureException)
            {
                refused++;
            }
        }

        Assert.True(refused > 50, $"only {refused} cut files were refused");
    }

    [Fact]
    public void Open_DamagedHeaders_NeverReadsOutside()
    {
        byte[] whole = File.ReadAllBytes(LoadedLibrary.LibSsl);
        ulong sections = BinaryPrimitives.ReadUInt64LittleEndian(whole.AsSpan(40));
        Random random = new(20260101);
        for (int round = 0; round < 400; round++)
        {
            byte[] bytes = (byte[])whole.Clone();
            for (int i = 0; i < 6; i++)
            {
                int at = (random.Next(3) switch
                {
                    0 => random.Next(16, 64 + (9 * 56)),
                    1 => (int)sections + random.Next(27 * 64),
                    _ => random.Next(0x10a8, 0x10a8 + 0x6138),
                });
                bytes[at] = (byte)random.Next(256);
            }

            string path = Write(bytes);
            try
            {
                using ElfFile elf = ElfFile.Open(path);
                if (elf.TryGetSymbolOffset("SSL_free", out ulong offset))
                {
                    Assert.True(offset < (ulong)elf.Length);
                }

                Assert.InRange(elf.BuildId.Length, 0, 64 * 1024);
            }
            catch (CaptureException e)
            {
                Assert.Contains(path, e.Message, StringComparison.Ordinal);
            }
        }
    }

    private string Write(ReadOnlySpan<byte> bytes)
    {
        string path = Path.Combine(_folder, "file");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
