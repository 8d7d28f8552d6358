using System.Runtime.InteropServices;
using ECapture.Capture;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Connection;
using ECapture.Capture.Modules.Packet;

namespace ECapture.Tests.Unit.Capture.Bpf;

public sealed class RecordLayoutTests
{
    [Fact]
    public void Check_SameLayout_Accepted() =>
        RecordLayout.Check<Sample>(BtfTypes.Parse(Btf.Struct("sample", 16, ("first_part", 0), ("second", 8))));

    [Theory]
    [InlineData("sample", 24, "first_part", 0, "second", 8, "struct sample has 24 bytes in the BPF object, 16 here")]
    [InlineData("sample", 16, "first_part", 0, "second", 12, "sample.second is at 12 in the BPF object, at 8 here")]
    [InlineData("sample", 16, "first_part", 0, "other", 8, "struct sample has no member second")]
    [InlineData("else", 16, "first_part", 0, "second", 8, "the BPF object has no struct sample")]
    public void Check_OtherLayout_RefusedByName(string name, int size, string first, int firstAt, string second, int secondAt, string message)
    {
        BtfTypes types = BtfTypes.Parse(Btf.Struct(name, size, (first, firstAt), (second, secondAt)));
        CaptureException e = Assert.Throws<CaptureException>(() => RecordLayout.Check<Sample>(types));
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_CutAnywhere_RefusedNeverRead()
    {
        byte[] whole = Btf.Struct("sample", 16, ("first_part", 0), ("second", 8));
        for (int length = 0; length < whole.Length; length++)
        {
            byte[] cut = whole[..length];
            Assert.Throws<CaptureException>(() => BtfTypes.Parse(cut));
        }
    }

    [Fact]
    public void Parse_RandomChanges_NothingButCaptureException()
    {
        byte[] whole = Btf.Struct("sample", 16, ("first_part", 0), ("second", 8));
        Random random = new(1);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] changed = [.. whole];
            changed[random.Next(changed.Length)] = (byte)random.Next(256);
            changed[random.Next(changed.Length)] = (byte)random.Next(256);
            Exception? e = Record.Exception(() => BtfTypes.Parse(changed));
            Assert.True(e is null or CaptureException, $"{e}");
        }
    }

    [Fact]
    public void Check_CompiledObjects_MatchTheRecordsHere()
    {
        BtfTypes connection = Types("connection");
        RecordLayout.Check<RecordHeader>(connection);
        RecordLayout.Check<SocketTuple>(connection);
        RecordLayout.Check<ConnectionRecord>(connection);
        BtfTypes packet = Types("packet");
        RecordLayout.Check<PacketRecord>(packet);
        RecordLayout.Check<InterfaceConfig>(packet);
    }

    private static BtfTypes Types(string name)
    {
        using BpfObject obj = BpfObject.Open(Path.Combine(AppContext.BaseDirectory, "bpf", name + ".bpf.o"));
        return obj.ReadTypes();
    }

    [CRecord("sample")]
    [StructLayout(LayoutKind.Sequential)]
    private struct Sample
    {
        internal uint FirstPart;
        internal ulong Second;
    }
}
