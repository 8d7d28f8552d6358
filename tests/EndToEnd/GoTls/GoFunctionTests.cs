using ECapture.Capture.Elf;
using ECapture.Capture.Symbols;

namespace ECapture.Tests.EndToEnd.GoTls;

[Collection(CaptureCollection.Name)]
public sealed class GoFunctionTests(GoPrograms programs) : IClassFixture<GoPrograms>
{
    private static readonly string[] s_names =
        ["crypto/tls.(*Conn).Read", "crypto/tls.(*Conn).Write", "crypto/tls.(*Config).writeKeyLog", "crypto/tls.(*Conn).clientHandshake", "main.main"];

    [Theory]
    [InlineData("normal")]
    [InlineData("pie")]
    public void Find_ByTheFunctionTable_IsWhatTheSymbolsSay(string build)
    {
        using ElfFile elf = ElfFile.Open(programs[build]);

        Dictionary<string, GoFunction> found = GoFunctions.Find(elf, s_names, out string tried);

        Assert.Equal("", tried);
        Assert.All(s_names, name =>
        {
            Assert.True(elf.TryGetSymbol(name, out ElfSymbol symbol));
            Assert.Equal(symbol.Address, found[name].Address);
            Assert.InRange(found[name].Size, symbol.Size, symbol.Size + 31);
        });
    }

    [Fact]
    public void Find_WithoutSectionHeaders_IsTheSame()
    {
        string program = programs.Copy("stripped", "https-bare");
        using (ElfFile whole = ElfFile.Open(program))
        {
            byte[] bytes = File.ReadAllBytes(program);
            bytes.AsSpan(40, 8).Clear(); // e_shoff
            bytes.AsSpan(60, 4).Clear(); // e_shnum, e_shstrndx
            string bare = program + "-headers";
            File.WriteAllBytes(bare, bytes);
            using ElfFile elf = ElfFile.Open(bare);

            Assert.Empty(elf.Sections);
            Assert.Equal(GoFunctions.Find(whole, s_names, out _), GoFunctions.Find(elf, s_names, out _));
        }
    }
}
