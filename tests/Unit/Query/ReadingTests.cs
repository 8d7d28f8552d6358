using System.Net;
using System.Text;
using ECapture.Events;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.ClickHouse;
using ECapture.Storage.Reading.Reads;

namespace ECapture.Tests.Unit.Querying;

public sealed class ReadingTests
{
    private const long Hour = 3_600_000_000_000;

    [Theory]
    [InlineData("10.1.2.3", "::ffff:10.1.2.3", "::ffff:10.1.2.3")]
    [InlineData("10.1.2.3/8", "::ffff:10.0.0.0", "::ffff:10.255.255.255")]
    [InlineData("0.0.0.0/0", "::ffff:0.0.0.0", "::ffff:255.255.255.255")]
    [InlineData("fe80::1/10", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("::ffff:10.0.0.0/104", "::ffff:10.0.0.0", "::ffff:10.255.255.255")]
    public void AddressRange_Prefix_HasItsBounds(string text, string first, string last)
    {
        Assert.True(AddressRange.TryParse(text, out AddressRange? range));
        Assert.Equal((IPAddress.Parse(first), IPAddress.Parse(last)), (range.First, range.Last));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("10.0.0")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("::/129")]
    [InlineData("localhost")]
    public void AddressRange_Nonsense_IsRefused(string? text) => Assert.False(AddressRange.TryParse(text, out _));

    [Fact]
    public void EventCursor_TextForm_ReadsBack()
    {
        var cursor = new EventCursor(1_795_100_000_123_456_789, new EventId(Guid.CreateVersion7(), "postgres", 3, ulong.MaxValue));

        Assert.True(EventCursor.TryParse(cursor.ToString(), out EventCursor read));
        Assert.Equal(cursor, read);
        for (int i = 0; i < cursor.ToString().Length; i++)
        {
            Assert.False(EventCursor.TryParse(cursor.ToString()[..i], out _));
        }
    }

    [Theory]
    [InlineData(EventOrder.Newest, null, null)]
    [InlineData(EventOrder.Oldest, null, null)]
    [InlineData(EventOrder.Newest, 5L, 9_000_000L)]
    [InlineData(EventOrder.Oldest, 5L, 9_000_000L)]
    [InlineData(EventOrder.Newest, 0L, null)]
    [InlineData(EventOrder.Oldest, 0L, null)]
    [InlineData(EventOrder.Newest, null, 1_000_000L * Hour / 1000)]
    public void SearchWindow_ToItsEnd_CoversTimeWithoutGapOrOverlap(EventOrder order, long? from, long? to)
    {
        var random = new Random(3);
        var window = new SearchWindow(order, from, to, 500_000 * Hour);
        long edge = order == EventOrder.Newest ? to ?? long.MaxValue : from ?? long.MinValue;
        for (int step = 0; ; step++)
        {
            Assert.InRange(step, 0, 200);
            Assert.Equal(edge, order == EventOrder.Newest ? window.Current.To : window.Current.From);
            edge = order == EventOrder.Newest ? window.Current.From : window.Current.To;
            Assert.True(window.Current.From < window.Current.To);
            if (window.IsLast)
            {
                break;
            }

            window.Advance(wasSparse: random.Next(4) > 0 || step > 20);
        }

        Assert.Equal(order == EventOrder.Newest ? from ?? long.MinValue : to ?? long.MaxValue, edge);
    }

    [Theory]
    [InlineData(EventOrder.Newest)]
    [InlineData(EventOrder.Oldest)]
    public void SearchWindow_AfterAFullPage_GoesOnFromItsLastEvent(EventOrder order)
    {
        var window = new SearchWindow(order, 0, 10 * Hour, 10 * Hour);
        TimeRange before = window.Current;
        long middle = before.From + ((before.To - before.From) / 2);

        window.Continue(middle);

        Assert.Equal(order == EventOrder.Newest ? before with { To = middle + 1 } : before with { From = middle }, window.Current);
    }

    [Fact]
    public async Task NativeRowReader_EveryType_IsRead()
    {
        await using var rows = new NativeRowReader(new MemoryStream(Block()));

        Assert.True(await rows.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal((7ul, 0xFFFF_FFFF_FFFF_FFFEul), (rows.Number(0), rows.Number(1)));
        Assert.Equal((false, new Guid("00112233-4455-6677-8899-aabbccddeeff"), "b"), (rows.IsNull(1), rows.Uuid(2), Text(rows.Bytes(3))));
        Assert.Equal(("x", "one"), (Text(rows.Bytes(4)), Text(rows.Bytes(5))));
        Assert.True(await rows.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal((8ul, true, "a", "yy", new string('z', 700_000)), (rows.Number(0), rows.IsNull(1), Text(rows.Bytes(3)), Text(rows.Bytes(4)), Text(rows.Bytes(5))));
        Assert.False(await rows.ReadAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task NativeRowReader_CutAnywhere_SaysSo()
    {
        byte[] block = Block();
        for (int length = 1; length < block.Length; length += length < 400 ? 1 : 50_021)
        {
            await using var rows = new NativeRowReader(new MemoryStream(block, 0, length));
            StoreException e = await Assert.ThrowsAsync<StoreException>(async () =>
            {
                while (await rows.ReadAsync(TestContext.Current.CancellationToken))
                {
                }
            });
            Assert.Contains("in the middle", e.Message, StringComparison.Ordinal);
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    /// <summary>Two rows of each kind of column, as ClickHouse writes them.</summary>
    private static byte[] Block()
    {
        var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        void Column(string name, string type)
        {
            writer.Write(name);
            writer.Write(type);
        }

        writer.Write7BitEncodedInt(6);
        writer.Write7BitEncodedInt(2);
        Column("n", "UInt16");
        writer.Write((ushort)7);
        writer.Write((ushort)8);
        Column("s", "Nullable(Int32)");
        writer.Write([0, 1]);
        writer.Write(-2);
        writer.Write(0);
        Column("u", "UUID");
        writer.Write(0x0011223344556677ul);
        writer.Write(0x8899aabbccddeefful);
        writer.Write(0ul);
        writer.Write(0ul);
        Column("l", "LowCardinality(String)");
        writer.Write(1ul);
        writer.Write(0x600ul);
        writer.Write(3ul);
        writer.Write("");
        writer.Write("a");
        writer.Write("b");
        writer.Write(2ul);
        writer.Write([2, 1]);
        Column("t", "String");
        writer.Write("x");
        writer.Write("yy");
        Column("d", "String");
        writer.Write("one");
        writer.Write(new string('z', 700_000));
        return bytes.ToArray();
    }
}
