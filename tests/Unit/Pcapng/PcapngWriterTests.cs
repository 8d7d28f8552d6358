using System.IO.Pipelines;
using System.Text;
using ECapture.Pcapng;

namespace ECapture.Tests.Unit.Pcapng;

public sealed class PcapngWriterTests
{
    [Fact]
    public void Write_EveryBlock_IsReadBack()
    {
        List<PcapngBlock> blocks = SampleFile.ReadAll(SampleFile.Write(), out long? cutAt);

        Assert.Null(cutAt);
        Assert.Equal(8, blocks.Count);
        var section = Assert.IsType<SectionHeaderBlock>(blocks[0]);
        Assert.Equal("ecapture test", section.Options.Text(OptionCode.SectionApplication));
        Assert.Equal("one section", section.Options.Text(OptionCode.Comment));
        var eth0 = Assert.IsType<InterfaceDescriptionBlock>(blocks[1]);
        Assert.Equal(("eth0", (ushort)1, 9), (eth0.Name, eth0.LinkType, eth0.Resolution.Code));
        Assert.Equal("host web1", eth0.Options.Text(OptionCode.InterfaceDescription));
        var secrets = Assert.IsType<DecryptionSecretsBlock>(blocks[3]);
        Assert.Equal(0x544c534bu, secrets.SecretsType);
        Assert.Equal(
            "CLIENT_RANDOM " + string.Concat(Enumerable.Repeat("01", 32)) + " " + string.Concat(Enumerable.Repeat("02", 48)) + "\n",
            Encoding.ASCII.GetString(secrets.Data.Span));
        Assert.True(Assert.IsType<CustomBlock>(blocks[4]).TryGetProcess(out PcapngProcess process));
        Assert.Equal(new PcapngProcess(1234, "curl", 1000, 1_789_999_999_000_000_000), process);
        var first = Assert.IsType<PacketBlock>(blocks[5]);
        Assert.Equal(SampleFile.FirstPacketNanoseconds, (ulong)first.UnixNanoseconds!.Value);
        Assert.Equal((PacketDirection.Outbound, 1234u, 60u, 0), (first.Direction, first.Pid, first.OriginalLength, first.InterfaceId));
        Assert.Equal("curl (pid 1234)", first.Options.Text(OptionCode.Comment));
        Assert.Equal(SampleFile.Udp(5), first.Data.ToArray());
        var second = Assert.IsType<PacketBlock>(blocks[6]);
        Assert.Equal((PacketDirection.Inbound, (uint?)null, (uint)second.Data.Length, 1), (second.Direction, second.Pid, second.OriginalLength, second.InterfaceId));
        var third = Assert.IsType<PacketBlock>(blocks[7]);
        Assert.Equal((PacketDirection.Unknown, 1500u), (third.Direction, third.OriginalLength));
    }

    [Fact]
    public async Task WritePacket_LongerThanWiresharkOpens_IsCutAndKeepsItsLength()
    {
        var stream = new MemoryStream();
        var writer = new PcapngWriter(stream);
        writer.WriteSectionHeader();
        int lo = writer.WriteInterface(new PcapngInterface("lo", 1));
        writer.WritePacket(lo, 1, new byte[300_000], 300_000, []);
        await writer.FlushAsync(TestContext.Current.CancellationToken);

        var packet = Assert.IsType<PacketBlock>(SampleFile.ReadAll(stream.ToArray(), out _)[2]);

        Assert.Equal((PcapngWriter.MaximumPacketLength, 300_000u), (packet.Data.Length, packet.OriginalLength));
    }

    [Fact]
    public void WritePacket_UnknownInterface_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PcapngWriter(Stream.Null).WritePacket(0, 1, [], 0, []));

    [Fact]
    public void WriteTlsSecrets_AboveTheLimit_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new PcapngWriter(Stream.Null).WriteTlsSecrets(new byte[PcapngWriter.MaximumSecretsLength + 1]));

    [Fact]
    public async Task WritePacket_ManyPackets_AllocatesNothingPerPacket()
    {
        var writer = new PcapngWriter(Stream.Null);
        writer.WriteSectionHeader();
        int lo = writer.WriteInterface(new PcapngInterface("lo", 1));
        byte[] frame = SampleFile.Udp(100);
        byte[] options = PacketOptions.Encode(PacketDirection.Outbound, 1, 0, "x");
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100_000; i++)
        {
            writer.WritePacket(lo, (ulong)i, frame, 0, options);
            if (writer.ShouldFlush)
            {
                await writer.FlushAsync(CancellationToken.None);
            }
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.InRange(writer.BytesWritten, 100_000L * 170, 100_000L * 250);
    }

    [Fact]
    public async Task FlushAsync_IntoAPipe_GivesTheSameBytes()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var writer = new PcapngWriter(pipe.Writer);
        writer.WriteSectionHeader();
        writer.WritePacket(writer.WriteInterface(new PcapngInterface("lo", 1)), 7, SampleFile.Udp(9), 0, []);
        await writer.FlushAsync(TestContext.Current.CancellationToken);
        await pipe.Writer.CompleteAsync();
        var copy = new MemoryStream();
        await pipe.Reader.CopyToAsync(copy, TestContext.Current.CancellationToken);

        Assert.Equal(writer.BytesWritten, copy.Length);
        Assert.Equal(3, SampleFile.ReadAll(copy.ToArray(), out _).Count);
    }
}
