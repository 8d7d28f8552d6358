using System.Runtime.InteropServices;
using System.Text;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Shells;

namespace ECapture.Tests.Unit.Capture.Shells;

public sealed class LineAssemblerTests
{
    private readonly LineAssembler _lines = new(10);

    [Fact]
    public void Begin_WholeLine_IsThereAtOnce()
    {
        TypedLine line = _lines.Begin(Line(7, 0, "b\0a\0", "ls"))!;
        Assert.Equal(("/a/b", "ls", 0UL), (Text(line.Directory), Text(line.Text), line.OriginalLength));
    }

    [Fact]
    public void Continue_TwoThreads_EachHasItsOwnLine()
    {
        Assert.Null(_lines.Begin(Line(7, LineRecord.More, "", "abc")));
        Assert.Null(_lines.Begin(Line(8, LineRecord.More, "", "xyz")));
        Assert.Equal("abcdef", Text(_lines.Continue(More(7, 0, 3, "def"))!.Text));
        Assert.Equal("xyzw", Text(_lines.Continue(More(8, 0, 3, "w"))!.Text));
    }

    [Fact]
    public void Continue_ChunkMissing_KeepsWhatCameBeforeAndSaysSo()
    {
        Assert.Null(_lines.Begin(Line(7, LineRecord.More, "", "abc")));
        TypedLine line = _lines.Continue(More(7, 0, 6, "ghi"))!;
        Assert.Equal(("abc", 9UL), (Text(line.Text), line.OriginalLength));
    }

    [Fact]
    public void Continue_LongerThanTheLimit_IsCutAndSaidSo()
    {
        Assert.Null(_lines.Begin(Line(7, LineRecord.More, "", "01234567")));
        TypedLine line = _lines.Continue(More(7, 0, 8, "89abc"))!;
        Assert.Equal(("0123456789", 13UL), (Text(line.Text), line.OriginalLength));
    }

    [Fact]
    public void Continue_CutByTheProbe_IsSaidToBeLonger()
    {
        Assert.Null(_lines.Begin(Line(7, LineRecord.More, "", "abc")));
        Assert.Equal(5UL, _lines.Continue(More(7, LineRecord.Cut, 3, "d"))!.OriginalLength);
    }

    [Fact]
    public void Continue_WithoutItsBegin_IsNothing() => Assert.Null(_lines.Continue(More(7, 0, 3, "d")));

    [Fact]
    public void Begin_LengthsBeyondTheRecord_IsNothing()
    {
        byte[] record = Line(7, 0, "", "ls");
        Assert.Null(_lines.Begin(record.AsSpan(..^1)));
        Assert.Null(_lines.Begin(record.AsSpan(..20)));
    }

    private static byte[] Line(uint thread, ushort flags, string directory, string text) =>
    [
        .. Bytes(new LineRecord
        {
            Header = new RecordHeader { Tid = thread, Flags = flags },
            DirectoryLength = (uint)directory.Length,
            TextLength = (uint)text.Length,
        }),
        .. Encoding.Latin1.GetBytes(directory + text),
    ];

    private static byte[] More(uint thread, ushort flags, uint offset, string text) =>
    [
        .. Bytes(new MoreRecord { Header = new RecordHeader { Tid = thread, Flags = flags }, Offset = offset, TextLength = (uint)text.Length }),
        .. Encoding.Latin1.GetBytes(text),
    ];

    private static byte[] Bytes<T>(T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();

    private static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);
}
