using ECapture.Log.Local;

namespace ECapture.Tests.Unit.Log;

public sealed class BlockTests
{
    [Fact]
    public void TryAdd_BlockOfABuilder_SameRecordsFromAnyOffset()
    {
        Random random = new(7);
        BlockBuilder builder = new();
        List<(byte[] Key, byte[] Value)> records = [];
        for (int i = 0; i < 300; i++)
        {
            byte[] key = new byte[random.Next(3) * 8];
            byte[] value = new byte[random.Next(2) == 0 ? random.Next(200) : random.Next(20_000)];
            random.NextBytes(key);
            random.NextBytes(value);
            records.Add((key, value));
            builder.Add(key, value);
        }

        foreach (int from in (int[])[1000, 1001, 1299])
        {
            ReadBatch batch = new(1024);
            Assert.True(batch.TryAdd(1000, 300, builder.Bytes, from));
            Assert.Equal(1300 - from, batch.Records.Length);
            for (int i = 0; i < batch.Records.Length; i++)
            {
                var record = batch.Records.Span[i];
                Assert.Equal(from + i, record.Offset);
                Assert.Equal(records[from - 1000 + i].Key, record.Key.ToArray());
                Assert.Equal(records[from - 1000 + i].Value, record.Value.ToArray());
            }
        }
    }

    [Fact]
    public void TryAdd_HostileBytes_RefusedWithoutReadingBeyondThem()
    {
        Random random = new(11);
        BlockBuilder builder = new();
        for (int i = 0; i < 20; i++)
        {
            builder.Add(new byte[8], new byte[40]);
        }

        byte[] good = builder.Bytes.ToArray();
        int refused = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = good.AsSpan(0, random.Next(good.Length + 1)).ToArray();
            for (int flips = random.Next(4); flips > 0 && bytes.Length > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            ReadBatch batch = new(1024);
            if (!batch.TryAdd(0, random.Next(2) == 0 ? 20 : random.NextInt64(), bytes, 0))
            {
                refused++;
            }
            else
            {
                Assert.Equal(20, batch.Records.Length);
            }
        }

        Assert.InRange(refused, 15_000, 20_000);
    }

    [Theory]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff })] // a length without an end
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 0x0f, 0 })] // a negative one
    [InlineData(new byte[] { 0x05, 0x00, 1, 2 })] // longer than the block
    [InlineData(new byte[] { 0x80 })]
    public void TryRead_BadLength_False(byte[] bytes)
    {
        int at = 0;
        Assert.False(Block.TryRead(bytes, ref at, out _, out _));
    }

    [Fact]
    public void Checksum_CheckValueOfTheAlgorithm() => Assert.Equal(0xE3069283u, Block.Checksum("123456789"u8)); // CRC-32C
}
