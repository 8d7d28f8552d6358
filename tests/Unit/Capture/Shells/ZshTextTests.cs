using System.Text;
using ECapture.Capture.Modules.Zsh;

namespace ECapture.Tests.Unit.Capture.Shells;

public sealed class ZshTextTests
{
    [Fact]
    public void Unmetafy_BytesThatZshMarks_AreWhatWasTyped()
    {
        // Ä is c3 84, and 84 is one of the marked ones.
        Assert.Equal("echo Ä\0x", Text([.. "echo "u8, 0xc3, 0x83, 0x84 ^ 0x20, 0x83, 0x20, .. "x\n"u8]));
    }

    [Fact]
    public void Unmetafy_NewlinesInside_StayAndOnlyTheLastGoes() => Assert.Equal("if true\nfi\n", Text("if true\nfi\n\n"u8));

    [Fact]
    public void Unmetafy_MarkAtTheEndOfACutText_IsKept() => Assert.Equal([(byte)'a', 0x83], ZshText.Unmetafy([(byte)'a', 0x83]));

    [Fact]
    public void Unmetafy_Empty_IsEmpty() => Assert.Empty(ZshText.Unmetafy([]));

    private static string Text(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(ZshText.Unmetafy(text));
}
