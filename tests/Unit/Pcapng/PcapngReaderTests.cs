using System.Buffers.Binary;
using ECapture.Pcapng;

namespace ECapture.Tests.Unit.Pcapng;

public sealed class PcapngReaderTests
{
    [Fact]
    public void Read_CutAtEveryByte_ReportsTheCutAndKeepsWholeBlocks()
    {
        byte[] file = SampleFile.Write();
        List<PcapngBlock> whole = SampleFile.ReadAll(file, out _);
        for (int length = 0; length < file.Length; length++)
        {
            List<PcapngBlock> blocks = SampleFile.ReadAll(file[..length], out long? cutAt);

            int expected = whole.Count(b => EndOf(whole, b, file.Length) <= length);
            Assert.Equal(expected, blocks.Count);
            long next = expected < whole.Count ? whole[expected].Offset : file.Length;
            Assert.Equal(length == next ? null : next, cutAt);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Read_MangledFiles_EndInABoundedNumberOfBlocksOrAClearError(int seed)
    {
        var random = new Random(seed);
        byte[][] files = [SampleFile.Write(), ForeignFile.Write(bigEndian: true), ForeignFile.Write(bigEndian: false)];
        int refused = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] file = (byte[])files[round % files.Length].Clone();
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                file[random.Next(file.Length)] = random.Next(3) switch
                {
                    0 => (byte)random.Next(256),
                    1 => 0xFF,
                    _ => 0,
                };
            }

            try
            {
                Assert.InRange(SampleFile.ReadAll(file[..random.Next(file.Length + 1)], out _).Count, 0, 64);
            }
            catch (PcapngException e)
            {
                Assert.StartsWith("not a valid pcapng file: block at byte ", e.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.InRange(refused, 1_000, 20_000);
    }

    [Fact]
    public void Read_HugeLengthInASmallFile_TakesLittleMemory()
    {
        byte[] file = SampleFile.Write();
        int packet = (int)SampleFile.ReadAll(file, out _)[5].Offset;
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(packet + 4), 134_000_000);
        long before = GC.GetAllocatedBytesForCurrentThread();

        SampleFile.ReadAll(file, out long? cutAt);

        Assert.Equal(packet, cutAt);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Read_EveryBlockType_InBothByteOrders(bool bigEndian)
    {
        List<PcapngBlock> blocks = SampleFile.ReadAll(ForeignFile.Write(bigEndian), out long? cutAt);

        Assert.Null(cutAt);
        Assert.Equal(bigEndian, Assert.IsType<SectionHeaderBlock>(blocks[0]).BigEndian);
        var nic = Assert.IsType<InterfaceDescriptionBlock>(blocks[1]);
        Assert.Equal((113, 96u), (nic.LinkType, nic.SnapLength));
        var packet = Assert.IsType<PacketBlock>(blocks[2]);
        Assert.Equal((PacketDirection.Inbound, 4321u), (packet.Direction, packet.Pid));
        Assert.Equal((Int128)1_757_500_000_000_001_000 + 3_600_000_000_000, packet.UnixNanoseconds);
        var simple = Assert.IsType<PacketBlock>(blocks[3]);
        Assert.Equal((BlockType.SimplePacket, 96, 1000u), (simple.Type, simple.Data.Length, simple.OriginalLength));
        Assert.Null(simple.UnixNanoseconds);
        var old = Assert.IsType<PacketBlock>(blocks[4]);
        Assert.Equal((BlockType.ObsoletePacket, 5), (old.Type, old.Data.Length));
        var names = Assert.IsType<NameResolutionBlock>(blocks[5]);
        Assert.Equal(1, Assert.Single(names.Records).Code);
        Assert.Equal("resolver", names.Options.Text(OptionCode.Comment));
        var statistics = Assert.IsType<InterfaceStatisticsBlock>(blocks[6]);
        Assert.Equal(77ul, statistics.Options.UInt64(4));
        Assert.Equal(4, Assert.IsType<SystemdJournalBlock>(blocks[7]).Entry.Length);
        var custom = Assert.IsType<CustomBlock>(blocks[8]);
        Assert.Equal((32622u, false), (custom.Enterprise, custom.Copyable));
        Assert.Equal(0x80000001u, Assert.IsType<UnknownBlock>(blocks[9]).Type);
        Assert.Equal(10, blocks.Count);
    }

    [Theory]
    [InlineData(6, 1, 1_000)]
    [InlineData(9, 1, 1)]
    [InlineData(0, 1, 1_000_000_000)]
    [InlineData(12, 2_500, 2)]
    [InlineData(127, ulong.MaxValue, 0)]
    [InlineData(0x80 | 10, 1024, 1_000_000_000)]
    [InlineData(0xFF, ulong.MaxValue, 0)]
    public void ToUnixNanoseconds_EveryUnit_IsExact(byte code, ulong ticks, long expected) =>
        Assert.Equal(expected, new TimestampResolution(code, 0).ToUnixNanoseconds(ticks));

    [Fact]
    public void ToUnixNanoseconds_NegativeOffset_IsSubtracted() =>
        Assert.Equal(-1_000_000_000, new TimestampResolution(9, -2).ToUnixNanoseconds(1_000_000_000));

    [Fact]
    public void Read_NoSectionHeader_SaysSo()
    {
        byte[] classic = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0];

        PcapngException e = Assert.Throws<PcapngException>(() => SampleFile.ReadAll(classic, out _));

        Assert.Contains("does not begin with a section header", e.Message, StringComparison.Ordinal);
    }

    private static long EndOf(List<PcapngBlock> blocks, PcapngBlock block, long fileLength)
    {
        int index = blocks.IndexOf(block);
        return index + 1 < blocks.Count ? blocks[index + 1].Offset : fileLength;
    }
}
