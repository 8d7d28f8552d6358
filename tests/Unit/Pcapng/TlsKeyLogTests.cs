using System.Buffers.Binary;
using System.Text;
using ECapture.Pcapng;

namespace ECapture.Tests.Unit.Pcapng;

public sealed class TlsKeyLogTests
{
    [Fact]
    public void Add_SameLineTwice_IsWrittenOnce()
    {
        var keys = new TlsKeyLog(new PcapngWriter(Stream.Null));

        Assert.True(keys.Add("CLIENT_RANDOM", SampleFile.Bytes(32, 1), SampleFile.Bytes(48, 2)));
        Assert.False(keys.Add("CLIENT_RANDOM", SampleFile.Bytes(32, 1), SampleFile.Bytes(48, 2)));
        Assert.Equal((1L, 0L), (keys.Lines, keys.Refused));
    }

    [Theory]
    [InlineData("", 32, 48)]
    [InlineData("A B", 32, 48)]
    [InlineData("A\nCLIENT_RANDOM", 32, 48)]
    [InlineData("CLIENT_RANDOM", 31, 48)]
    [InlineData("CLIENT_RANDOM", 32, 0)]
    [InlineData("CLIENT_RANDOM", 32, 257)]
    public void Add_WhatIsNoLine_IsRefused(string label, int random, int secret)
    {
        var keys = new TlsKeyLog(new PcapngWriter(Stream.Null));

        Assert.False(keys.Add(label, new byte[random], new byte[secret]));
        Assert.Equal((0L, 1L), (keys.Lines, keys.Refused));
    }

    [Fact]
    public async Task Add_MoreThanABlock_SplitsAtLineEnds()
    {
        var stream = new MemoryStream();
        var writer = new PcapngWriter(stream);
        writer.WriteSectionHeader();
        var keys = new TlsKeyLog(writer, 4096);
        byte[] random = new byte[32];
        for (int i = 0; i < 100; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(random, i);
            keys.Add("CLIENT_TRAFFIC_SECRET_0", random, SampleFile.Bytes(32, 3));
        }

        keys.WriteBlock();
        await writer.FlushAsync(TestContext.Current.CancellationToken);

        DecryptionSecretsBlock[] blocks = [.. SampleFile.ReadAll(stream.ToArray(), out _).OfType<DecryptionSecretsBlock>()];
        Assert.InRange(blocks.Length, 4, 6);
        Assert.All(blocks, b => Assert.InRange(b.Data.Length, 1, 4096));
        Assert.All(blocks, b => Assert.Equal((byte)'\n', b.Data.Span[^1]));
        Assert.Equal(100, blocks.Sum(b => Encoding.ASCII.GetString(b.Data.Span).Count(c => c == '\n')));
    }
}
