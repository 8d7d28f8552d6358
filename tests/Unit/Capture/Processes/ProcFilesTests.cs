using ECapture.Capture;
using ECapture.Capture.Modules.Connection;
using ECapture.Capture.Modules.Processes;

namespace ECapture.Tests.Unit.Capture.Processes;

/// <summary>What is read from /proc where the kernel's types are not known.</summary>
public sealed class ProcFilesTests
{
    [Fact]
    public void Stat_NameWithSpacesAndParentheses_IsRead()
    {
        ProcessStat stat = ProcessStat.Parse("77 (a) b (c) S 12 77 70 34817 77 4194304 1 2 3 4 5 6 7 8 20 0 1 0 123456 9 9");
        Assert.Equal(("a) b (c", 12u, 70u, 34817, false, 123456L), (stat.Name, stat.Parent, stat.Session, stat.Terminal, stat.IsOfKernel, stat.StartTicks));
        Assert.Equal(1_234_560_000_000UL, stat.StartNs);
        Assert.True(stat.IsOf(1_234_567_000_000));
        Assert.False(stat.IsOf(1_234_590_000_000));
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(34816 + 3, "pts3")]
    [InlineData((137 << 8) + 2, "pts258")]
    [InlineData((4 << 8) + 1, "tty1")]
    [InlineData((4 << 8) + 65, "ttyS1")]
    public void TerminalOf_DeviceNumber_IsTheKernelsName(int device, string name) => Assert.Equal(name, LiveProcess.TerminalOf(device));

    [Fact]
    public void Sockets_LinesOfProcNet_GiveTupleInodeAndState()
    {
        ExistingSockets.Line four = ExistingSockets.Parse(
            "   0: 0100007F:1F90 0100007F:A1B2 01 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 20 4 30 10 -1", 6, 0)!.Value;
        ExistingSockets.Line six = ExistingSockets.Parse(
            "   1: B80D0120000000000000000001000000:01BB 0000000000000000FFFF00000200A8C0:0050 06 00000000:00000000 00:00000000 00000000  1000  0 4712 1 0", 6, 9)!.Value;

        Assert.Equal(("127.0.0.1:8080 - 127.0.0.1:41394", 4711UL, 1, (byte)2), (four.Tuple.ToString(), four.Inode, four.State, four.Tuple.Family));
        Assert.Equal(("2001:db8::1:443 - 192.168.0.2:80", 4712UL, 6, 9u), (six.Tuple.ToString(), six.Inode, six.State, six.Tuple.Netns));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode")]
    [InlineData("   0: 0100007F:1F90 0100007F 01 a b c 0 0 4711")]
    [InlineData("   0: 01000:1F90 0100007F:0000 01 a b c 0 0 4711")]
    public void Sockets_WhatIsNoLine_IsNone(string line) => Assert.Null(ExistingSockets.Parse(line, 6, 0));

    [Theory]
    [InlineData("/bin/sh\0./x.sh\0one\0", "./x.sh\0one\0", true)]
    [InlineData("./x\0one\0", "./x\0one\0", false)]
    [InlineData("nginx: master\0", "nginx\0-g\0off\0", false)]
    public void IsScriptOf_CommandLineBehindItsInterpreter_IsKnown(string now, string called, bool expected) =>
        Assert.Equal(expected, PlainProcesses.IsScriptOf(System.Text.Encoding.ASCII.GetBytes(now), System.Text.Encoding.ASCII.GetBytes(called)));

    [Theory]
    [InlineData("0::/a.slice\n5:memory:/b", "/a.slice")]
    [InlineData("5:cpu,memory:/b\n0::/", "/b")]
    [InlineData("0::/", "/")]
    public void ControlGroup_OfBothVersions_IsTheOneThatSaysSomething(string lines, string expected) =>
        Assert.Equal(expected, ControlGroup.Of(lines.Split('\n')));
}
