using ECapture.Storage.Tables;

namespace ECapture.Tests.Unit.Storage;

public sealed class ByteBufferTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Write_AnySizes_GivesBackWhatWasWritten(int seed)
    {
        Random random = new(seed);
        ByteBuffer buffer = new(new BufferPool());
        for (int round = 0; round < 3; round++)
        {
            using MemoryStream expected = new();
            for (int i = 0; i < 2_000; i++)
            {
                byte[] bytes = new byte[random.Next(20) == 0 ? random.Next(3 * BufferPool.PieceBytes) : random.Next(30)];
                random.NextBytes(bytes);
                if (bytes.Length < 30)
                {
                    bytes.CopyTo(buffer.Take(bytes.Length));
                }
                else
                {
                    buffer.Write(bytes);
                }

                expected.Write(bytes);
                if (i % 100 == 0)
                {
                    buffer.WriteVarint(300);
                    expected.Write([0xAC, 0x02]);
                }
            }

            Assert.Equal(expected.Length, buffer.Length);
            Assert.Equal(expected.ToArray(), buffer.ToArray());
            buffer.Clear();
        }
    }

    [Fact]
    public void Clear_FewBytes_HoldsNoPiece()
    {
        BufferPool pool = new();
        ByteBuffer buffer = new(pool);

        buffer.Write(new byte[4_000]);
        Assert.Equal(0, pool.RentedBytes);
        buffer.Write(new byte[200_000]);
        Assert.Equal(4 * BufferPool.PieceBytes, pool.RentedBytes);
        buffer.Clear();

        Assert.Equal(0, pool.RentedBytes);
        Assert.Equal(4 * BufferPool.PieceBytes, pool.SpareBytes);
    }

    [Fact]
    public void Trim_PiecesThatNobodyAskedFor_AreGivenUp()
    {
        BufferPool pool = new();
        ByteBuffer buffer = new(pool);
        buffer.Write(new byte[10 * BufferPool.PieceBytes]);
        buffer.Clear();
        pool.Trim();
        buffer.Write(new byte[4 * BufferPool.PieceBytes]);
        buffer.Clear();

        pool.Trim();

        Assert.Equal(4 * BufferPool.PieceBytes, pool.SpareBytes);
        pool.Trim();
        Assert.Equal(0, pool.SpareBytes); // idle for a whole turn
    }

    [Fact]
    public void Append_BlockIsUsedAgain_DoesNotAllocate()
    {
        BufferPool pool = new();
        ByteBuffer buffer = new(pool);
        byte[] bytes = new byte[100_000];
        long allocated = 0;
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 20; i++)
            {
                buffer.Write(bytes);
            }

            buffer.Clear();
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }
}
