using System.Text;
using ECapture.Capture.Modules.Processes;

namespace ECapture.Tests.Unit.Capture.Processes;

public sealed class KernelPathTests
{
    private const uint Cut = 0x8000;

    [Theory]
    [InlineData("", 0, "/")]
    [InlineData("a\0", 0, "/a")]
    [InlineData("c\0b\0a\0", 0, "/a/b/c")]
    [InlineData("c\0b\0", Cut, "b/c")]
    [InlineData("", Cut, "")]
    [InlineData("c\0b", 0, "/b/c")]
    public void ToPath_LeafFirst_IsTurnedRound(string leafFirst, uint mark, string expected)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(leafFirst);
        Assert.Equal(expected, Encoding.Latin1.GetString(KernelPath.ToPath(bytes, (uint)bytes.Length | mark)));
        Assert.Equal(bytes.Length, KernelPath.Length((uint)bytes.Length | mark));
    }

    [Fact]
    public void ToPath_AnyBytes_NeverThrows()
    {
        for (int seed = 0; seed < 2000; seed++)
        {
            Random random = new(seed);
            byte[] bytes = new byte[random.Next(64)];
            random.NextBytes(bytes);
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] = bytes[i] < 80 ? (byte)0 : bytes[i];
            }

            Assert.InRange(KernelPath.ToPath(bytes, (uint)bytes.Length | (random.Next(2) == 0 ? Cut : 0)).Length, 0, 65);
        }
    }
}
