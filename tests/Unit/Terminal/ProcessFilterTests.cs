using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Terminal;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Terminal;

public sealed class ProcessFilterTests
{
    [Theory]
    [InlineData(0u, null, 5u, 9u, true)]
    [InlineData(5u, null, 5u, 9u, true)]
    [InlineData(6u, null, 5u, 9u, false)]
    [InlineData(0u, 9u, 5u, 9u, true)]
    [InlineData(0u, 8u, 5u, 9u, false)]
    [InlineData(5u, 8u, 5u, 9u, false)]
    public void Wants_Plaintext_ByPidAndUid(uint pid, uint? uid, uint eventPid, uint eventUid, bool expected) =>
        Assert.Equal(expected, Wants(new ProcessFilter(pid, uid), new Event { Process = new Process { Pid = eventPid, Uid = eventUid }, TlsData = new TlsData() }));

    [Theory]
    [InlineData(4u, true)]
    [InlineData(3u, false)]
    public void Wants_CommandStartedByTheShell_ByItsParent(uint parent, bool expected) =>
        Assert.Equal(expected, Wants(new ProcessFilter(4, null), new Event { Process = new Process { Pid = 99 }, ShellCommand = new ShellCommand { Parent = parent } }));

    [Fact]
    public void Wants_WithoutProcess_NotWhereOneIsAskedFor()
    {
        Assert.False(Wants(new ProcessFilter(4, null), new Event { TlsData = new TlsData() }));
        Assert.False(Wants(new ProcessFilter(0, 4), new Event { TlsData = new TlsData() }));
        Assert.True(Wants(new ProcessFilter(4, 4), new Event { Packet = new Packet() })); // chosen by flow
        Assert.True(Wants(new ProcessFilter(4, 4), new Event { Loss = new Loss() }));
    }

    [Theory]
    [InlineData(new[] { "nginx" }, new string[0], true)]
    [InlineData(new[] { "curl" }, new string[0], false)]
    [InlineData(new[] { "77" }, new string[0], true)]
    [InlineData(new string[0], new[] { "nginx" }, false)]
    [InlineData(new[] { "nginx" }, new[] { "77" }, false)]
    public void Wants_ByNames_TargetsAndNotIgnored(string[] targets, string[] ignored, bool expected)
    {
        ProcessFilter filter = new(0, null, new ProcessNames(targets, ignored));
        Assert.Equal(expected, Wants(filter, new Event { Process = new Process { Pid = 77, Name = ByteString.CopyFromUtf8("nginx") }, TlsData = new TlsData() }));
        Assert.Equal(targets.Length == 0 && ignored.Length == 0, Wants(filter, new Event { TlsData = new TlsData() }));
    }

    private static bool Wants(ProcessFilter filter, Event e)
    {
        byte[] encoded = e.ToByteArray();
        Assert.True(EventReader.TryRead(encoded, out EventFields fields));
        return filter.Wants(new ReceivedEvent("tls", encoded, fields));
    }
}
