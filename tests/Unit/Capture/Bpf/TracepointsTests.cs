using ECapture.Capture;
using ECapture.Capture.Bpf;

namespace ECapture.Tests.Unit.Capture.Bpf;

public sealed class TracepointsTests
{
    private const string Format =
        "name: inet_sock_set_state\nID: 1407\nformat:\n\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n"
        + "\tfield:const void * skaddr;\toffset:8;\tsize:8;\tsigned:0;\n\tfield:__u8 saddr[4];\toffset:32;\tsize:4;\tsigned:0;\n"
        + "\tfield:__data_loc char[] filename;\toffset:40;\tsize:4;\tsigned:0;\n\nprint fmt: \"%p\", REC->skaddr\n";

    [Fact]
    public void Compare_FieldsWhereTheyAre_Passes() =>
        Tracepoints.Compare("sock/x", Format, Struct(("common", 0), ("skaddr", 8), ("padding", 20), ("saddr", 32), ("filename", 40)));

    [Theory]
    [InlineData("skaddr", 16, "another place for skaddr")]
    [InlineData("filename", 44, "another place for filename")]
    [InlineData("port", 24, "no field port")]
    public void Compare_FieldMovedOrMissing_IsRefusedByName(string field, int at, string said)
    {
        CaptureException refused = Assert.Throws<CaptureException>(() => Tracepoints.Compare("sock/x", Format, Struct((field, at))));
        Assert.Contains("tracepoint sock/x", refused.Message, StringComparison.Ordinal);
        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    private static BtfStruct Struct(params (string Name, int At)[] members) => new("x", 64, [.. members.Select(m => new BtfMember(m.Name, m.At))]);
}
