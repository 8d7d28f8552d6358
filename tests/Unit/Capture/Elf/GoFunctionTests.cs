using System.Buffers.Binary;
using ECapture.Capture;
using ECapture.Capture.Elf;
using ECapture.Capture.Symbols;

namespace ECapture.Tests.Unit.Capture.Elf;

public sealed class GoFunctionTests : IDisposable
{
    private const string Read = "crypto/tls.(*Conn).Read";

    // cmp rsp, [r14+16]; jbe; sub rsp, 8; add rsp, 8; ret; mov eax, 0xc3c3c3c3; ret
    private static readonly byte[] s_code =
        [0x49, 0x3b, 0x66, 0x10, 0x76, 0x20, 0x48, 0x83, 0xec, 0x08, 0x48, 0x83, 0xc4, 0x08, 0xc3, 0xb8, 0xc3, 0xc3, 0xc3, 0xc3, 0xc3];

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-go").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0xfffffff0)]
    [InlineData(0xfffffff1)]
    public void Find_TableOfKnownForm_GivesAddressAndSize(uint magic)
    {
        using ElfFile elf = Open(GoProgramFile.Make([], magic));

        Dictionary<string, GoFunction> found = GoFunctions.Find(elf, [Read, "go.buildid", "crypto/tls.(*Conn)", "main.main"], out string tried);

        Assert.Equal("", tried);
        Assert.True(GoSections.IsGo(elf));
        Assert.Equal(["crypto/tls.(*Conn).Read", "go.buildid"], found.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(new GoFunction(GoProgramFile.CodeAddress + 64, 64), found[Read]);
        Assert.Equal(new GoFunction(GoProgramFile.CodeAddress, 64), found["go.buildid"]);
    }

    [Fact]
    public void IsGo_FormOfNoGo_IsFalse()
    {
        using ElfFile elf = Open(GoProgramFile.Make([], 0xfffffabc));

        Assert.False(GoSections.IsGo(elf));
        Assert.Empty(GoFunctions.Find(elf, [Read], out string tried));
        Assert.NotEqual("", tried);
    }

    [Theory]
    [InlineData("functions", 8, ulong.MaxValue)]
    [InlineData("functions", 8, 1UL << 61)]
    [InlineData("names behind their end", 32, 500)]
    [InlineData("names end behind the table", 40, 1UL << 40)]
    [InlineData("functions behind the table", 64, 513)]
    [InlineData("a function behind the table", GoProgramFile.FunctionsAt + 4, 0xffffffff)]
    public void Find_TableThatPointsOutsideItself_Refuses(string what, int field, ulong value)
    {
        byte[] file = GoProgramFile.Make([]);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(GoProgramFile.TableAt + field), value);
        using ElfFile elf = Open(file);

        CaptureException e = Assert.Throws<CaptureException>(() => GoFunctions.Find(elf, [Read], out _));
        Assert.True(e.Message.Contains("damaged", StringComparison.Ordinal), $"{what}: {e.Message}");
    }

    [Fact]
    public void Find_TableWithAnyBytesChanged_AnswersOrRefuses()
    {
        Random random = new(11);
        byte[] good = GoProgramFile.Make(s_code);
        int answers = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] file = [.. good];
            for (int changes = random.Next(1, 6); changes > 0; changes--)
            {
                file[random.Next(GoProgramFile.TableAt, file.Length)] = (byte)random.Next(256);
            }

            try
            {
                using ElfFile elf = Open(file);
                foreach (GoFunction function in GoFunctions.Find(elf, GoProgramFile.Names, out _).Values)
                {
                    answers++;
                    _ = GoCode.BehindStackCheck(elf, function);
                    Assert.All(GoCode.Returns(elf, function), a => Assert.True(elf.TryGetCodeOffset(a, out _)));
                }
            }
            catch (CaptureException)
            {
                // Refused, with a message for people.
            }
        }

        Assert.NotEqual(0, answers);
    }

    [Fact]
    public void Returns_BytesOfAnotherInstruction_AreNone()
    {
        using ElfFile elf = Open(GoProgramFile.Make(s_code));
        GoFunction function = new(GoProgramFile.CodeAddress, (ulong)s_code.Length);

        Assert.Equal(GoProgramFile.CodeAddress + 6, GoCode.BehindStackCheck(elf, function));
        Assert.Equal([GoProgramFile.CodeAddress + 14, GoProgramFile.CodeAddress + 20], GoCode.Returns(elf, function));
    }

    [Fact]
    public void BehindStackCheck_StackAbi_IsNone()
    {
        // mov rcx, fs:[-8]; cmp rsp, [rcx+16]; jbe
        using ElfFile elf = Open(GoProgramFile.Make([0x64, 0x48, 0x8b, 0x0c, 0x25, 0xf8, 0xff, 0xff, 0xff, 0x48, 0x3b, 0x61, 0x10, 0x76, 0x20, 0xc3]));

        Assert.Null(GoCode.BehindStackCheck(elf, new GoFunction(GoProgramFile.CodeAddress, 16)));
    }

    private ElfFile Open(byte[] file)
    {
        string path = Path.Combine(_folder, "program");
        File.WriteAllBytes(path, file);
        return ElfFile.Open(path);
    }
}
