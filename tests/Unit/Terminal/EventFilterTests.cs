using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Terminal;
using ECapture.Terminal.Filters;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Terminal;

public sealed class EventFilterTests
{
    [Theory]
    [InlineData(0u, null, 5u, 9u, true)]
    [InlineData(5u, null, 5u, 9u, true)]
    [InlineData(6u, null, 5u, 9u, false)]
    [InlineData(0u, 9u, 5u, 9u, true)]
    [InlineData(0u, 8u, 5u, 9u, false)]
    [InlineData(5u, 8u, 5u, 9u, false)]
    public void Wants_Plaintext_ByPidAndUid(uint pid, uint? uid, uint eventPid, uint eventUid, bool expected) => Assert.Equal(
        expected,
        Wants(Rules(pid, uid), new Event { Process = new Process { Pid = eventPid, Uid = eventUid }, TlsData = new TlsData() }));

    [Theory]
    [InlineData(4u, true)]
    [InlineData(3u, false)]
    public void Wants_CommandStartedByTheShell_ByItsParent(uint parent, bool expected) =>
        Assert.Equal(expected, Wants(Rules(4), new Event { Process = new Process { Pid = 99 }, ShellCommand = new ShellCommand { Parent = parent } }));

    [Fact]
    public void Wants_WithoutProcess_NotWhereOneIsAskedFor()
    {
        Assert.False(Wants(Rules(4), new Event { TlsData = new TlsData() }));
        Assert.False(Wants(Rules(0, 4), new Event { TlsData = new TlsData() }));
        Assert.True(Wants(Rules(4, 4), new Event { Packet = new Packet() })); // chosen by flow
        Assert.True(Wants(Rules(4, 4), new Event { Loss = new Loss() }));
    }

    [Theory]
    [InlineData(new[] { "nginx" }, new string[0], true)]
    [InlineData(new[] { "curl" }, new string[0], false)]
    [InlineData(new[] { "77" }, new string[0], true)]
    [InlineData(new string[0], new[] { "nginx" }, false)]
    [InlineData(new[] { "nginx" }, new[] { "77" }, false)]
    public void Wants_ByNames_TargetsAndNotIgnored(string[] targets, string[] ignored, bool expected)
    {
        EventFilter filter = new(new EventRules { Names = targets, Ignored = ignored });
        Assert.Equal(expected, Wants(filter, new Event { Process = new Process { Pid = 77, Name = ByteString.CopyFromUtf8("nginx") }, TlsData = new TlsData() }));
        Assert.Equal(targets.Length == 0 && ignored.Length == 0, Wants(filter, new Event { TlsData = new TlsData() }));
    }

    [Theory]
    [InlineData("/usr/sbin/nginx", null, null, true)]
    [InlineData("nginx", null, null, true)]
    [InlineData("/sbin/nginx", null, null, false)]
    [InlineData("curl", null, null, false)]
    [InlineData(null, "/system.slice", null, true)]
    [InlineData(null, "/system.slice/web.service", null, true)]
    [InlineData(null, "/system", null, false)]
    [InlineData(null, "/", null, true)]
    [InlineData(null, null, "0123abc", true)]
    [InlineData(null, null, "123abc", false)]
    [InlineData("nginx", "/user.slice", null, false)]
    public void Wants_ByFacts_OfTheProcess(string? executable, string? cgroup, string? container, bool expected)
    {
        EventRules rules = new()
        {
            Executables = executable is null ? [] : [executable],
            Cgroups = cgroup is null ? [] : [cgroup],
            Containers = container is null ? [] : [container],
        };
        ProcessFacts facts = new("/usr/sbin/nginx", "/system.slice/web.service", "0123abcdef");
        Event plaintext = new() { Process = new Process { Pid = 77, StartNs = 5 }, TlsData = new TlsData() };
        Assert.Equal(expected, Wants(new EventFilter(rules, new KnownProcesses(_ => facts)), plaintext));

        // The start of a program says the same, also when its process has ended.
        EventFilter told = new(rules, new KnownProcesses(_ => ProcessFacts.Unknown));
        Wants(told, new Event
        {
            Process = new Process { Pid = 77, StartNs = 5 },
            ProcessExec = new ProcessExec { Executable = ByteString.CopyFromUtf8(facts.Executable), Cgroup = ByteString.CopyFromUtf8(facts.Cgroup), Container = facts.Container },
        });
        Assert.Equal(expected, Wants(told, plaintext));
        Assert.False(Wants(told, new Event { Process = new Process { Pid = 77, StartNs = 6 }, TlsData = new TlsData() }) && executable is not null); // another process of that pid
    }

    [Fact]
    public void Wants_OfThisProcess_ByWhatProcSays()
    {
        uint own = (uint)Environment.ProcessId;
        Event plaintext = new() { Process = new Process { Pid = own }, TlsData = new TlsData() };
        Assert.True(Wants(new EventFilter(new EventRules { Executables = [Environment.ProcessPath!] }), plaintext));
        Assert.False(Wants(new EventFilter(new EventRules { Executables = ["/bin/sh"] }), plaintext));
        string cgroup = File.ReadLines("/proc/self/cgroup").First(l => l.StartsWith("0::", StringComparison.Ordinal))[3..];
        Assert.True(Wants(new EventFilter(new EventRules { Cgroups = [EventRules.CgroupPath("/sys/fs/cgroup" + cgroup)] }), plaintext));
        Assert.False(Wants(new EventFilter(new EventRules { Cgroups = ["/nowhere"] }), plaintext));
    }

    [Theory]
    [InlineData(443, true)]
    [InlineData(50000, true)]
    [InlineData(80, false)]
    public void Wants_ByPort_OfEitherEndAndNotWithoutAConnection(int port, bool expected)
    {
        EventFilter filter = new(new EventRules { Ports = [(ushort)port] });
        Flow flow = new() { Id = 1, LocalPort = 50000, RemotePort = 443 };
        Assert.Equal(expected, Wants(filter, new Event { Flow = flow, TlsData = new TlsData() }));
        Assert.Equal(expected, Wants(filter, new Event { Flow = flow, Packet = new Packet() }));
        Assert.Equal(expected, Wants(filter, new Event { Flow = flow, SqlStatement = new SqlStatement() }));
        Assert.False(Wants(filter, new Event { TlsData = new TlsData() }));
        Assert.True(Wants(filter, new Event { ShellCommand = new ShellCommand() }));
    }

    private static EventFilter Rules(uint pid, uint? uid = null) => new(new EventRules { Pids = pid == 0 ? [] : [pid], Uids = uid is { } user ? [user] : [] });

    private static bool Wants(EventFilter filter, Event e)
    {
        byte[] encoded = e.ToByteArray();
        Assert.True(EventReader.TryRead(encoded, out EventFields fields));
        return filter.Wants(new ReceivedEvent("tls", encoded, ref fields));
    }
}
