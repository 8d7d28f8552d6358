using ECapture.Capture.Bpf;
using ECapture.Capture.Filters;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Tests.Unit.Capture.Publishing;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Capture.Filters;

/// <summary>Each filter on the events of each module: what one process does passes, what another does does not.</summary>
public sealed class EventGateTests
{
    private const uint Wanted = 77;
    private const uint Other = 78;
    private const ulong Started = 5;
    private const ulong Second = 1_000_000_000;

    private static readonly string[] s_plaintext = [Topics.Tls, Topics.GnuTls, Topics.GoTls, Topics.Nss];

    /// <summary>Every filter of <see cref="CaptureRules"/>: it allows nginx (77), and not the other (78).</summary>
    private static readonly Dictionary<string, CaptureRules> s_filters = new()
    {
        ["pid"] = new() { Pids = [1, Wanted] },
        ["uid"] = new() { Uids = [33] },
        ["process"] = new() { Names = ["nginx"] },
        ["process by pid"] = new() { Names = ["77"] },
        ["ignore"] = new() { Ignored = ["curl"] },
        ["ignore by pid"] = new() { Ignored = ["78"] },
        ["exe"] = new() { Executables = ["/usr/sbin/nginx"] },
        ["exe by name"] = new() { Executables = ["nginx"] },
        ["cgroup"] = new() { Cgroups = ["/system.slice"] },
        ["container"] = new() { Containers = ["0123AB"] },
        ["port"] = new() { Ports = [443] },
        ["all of them"] = new()
        {
            Pids = [Wanted],
            Uids = [33],
            Names = ["nginx"],
            Ignored = ["curl"],
            Executables = ["nginx"],
            Cgroups = ["/"],
            Containers = ["0"],
            Ports = [443],
        },
    };

    // What has no connection has no port.
    private static readonly string[] s_withoutPort = ["bash", "zsh", "exec", "exit"];

    /// <summary>Every filter with every kind of event.</summary>
    public static TheoryData<string, string> Cases()
    {
        TheoryData<string, string> cases = [];
        foreach (string filter in s_filters.Keys)
        {
            foreach (string kind in (string[])[.. s_plaintext, "secret", "packet", "state", "link", "mysqld", "postgres", .. s_withoutPort])
            {
                cases.Add(filter, kind);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Admits_EachFilterOnEachModule_OneProcessAndNotTheOther(string filter, string kind)
    {
        using EventGate gate = Gate(s_filters[filter]);
        Assert.True(Admits(gate, kind, Header(Wanted)));
        Assert.Equal(filter == "port" && s_withoutPort.Contains(kind), Admits(gate, kind, Header(Other)));
        Assert.True(gate.Admits(Topics.Agent, default, new Event { Loss = new Loss() }));
        Assert.False(gate.TryTakeReleased(out _));
    }

    [Fact]
    public void Admits_WithoutFilter_EverythingPassesAtOnce()
    {
        using EventGate gate = Gate(CaptureRules.All);
        Assert.All(Cases().Select(c => c.Data.Item2).Distinct(), kind => Assert.True(Admits(gate, kind, kind == "packet" ? default : Header(Other))));
    }

    [Fact]
    public void Admits_WithoutProcess_NotWhereOneIsAskedFor()
    {
        using EventGate gate = Gate(new CaptureRules { Uids = [0] });
        EventHeader nobody = new() { BootNs = 1 };
        Assert.False(Admits(gate, "packet", nobody));
        Assert.False(Admits(gate, "tls", nobody));
    }

    [Theory]
    [InlineData("/sbin/nginx", null, null, false)]
    [InlineData(null, "/system.slice/web.service", null, true)]
    [InlineData(null, "/system", null, false)]
    [InlineData(null, null, "123ab", false)]
    [InlineData("nginx", "/user.slice", null, false)]
    public void Admits_ByOrigin_OfTheProcess(string? executable, string? cgroup, string? container, bool expected)
    {
        CaptureRules rules = new()
        {
            Executables = executable is null ? [] : [executable],
            Cgroups = cgroup is null ? [] : [cgroup],
            Containers = container is null ? [] : [container],
        };
        using EventGate gate = Gate(rules);
        Assert.Equal(expected, Admits(gate, "tls", Header(Wanted)));

        // The start of a program says the same, also when its process has ended.
        using EventGate told = Gate(rules, new KnownProcesses(_ => ProcessOrigin.Unknown));
        ProcessOrigin origin = OriginOf(Wanted);
        ProcessExec exec = new() { Executable = ByteString.CopyFromUtf8(origin.Executable), Cgroup = ByteString.CopyFromUtf8(origin.Cgroup), Container = origin.Container };
        Assert.Equal(expected, told.Admits(Topics.Process, Header(Wanted), new Event { ProcessExec = exec }));
        Assert.Equal(expected, Admits(told, "tls", Header(Wanted)));
        EventHeader another = Header(Wanted);
        another.ProcessStart++; // the pid is given again
        Assert.False(Admits(told, "tls", another));
    }

    [Fact]
    public void Admits_OfThisProcess_ByWhatProcSays()
    {
        EventHeader own = Header((uint)Environment.ProcessId);
        string cgroup = File.ReadLines("/proc/self/cgroup").First(l => l.StartsWith("0::", StringComparison.Ordinal))[3..];
        using EventGate here = Gate(new CaptureRules { Executables = [Environment.ProcessPath!], Cgroups = [CaptureRules.CgroupPath("/sys/fs/cgroup" + cgroup)] }, new KnownProcesses());
        using EventGate elsewhere = Gate(new CaptureRules { Executables = ["/bin/sh"] }, new KnownProcesses());
        Assert.True(Admits(here, "tls", own));
        Assert.False(Admits(elsewhere, "tls", own));
    }

    [Theory]
    [InlineData(443, true)]
    [InlineData(50000, true)]
    [InlineData(80, false)]
    public void Admits_ByPort_OfEitherEnd(int port, bool expected)
    {
        using EventGate gate = Gate(new CaptureRules { Ports = [(ushort)port] });
        Assert.Equal(expected, Admits(gate, "packet", Header(Wanted)));
        EventHeader local = Header(Wanted);
        local.Socket = new SocketTuple { Family = 1 };
        Assert.False(Admits(gate, "postgres", local)); // a UNIX socket
    }

    [Fact]
    public void Admits_WhatAShellStarts_WithItsResultAndItsEnd()
    {
        using EventGate gate = Gate(new CaptureRules { Pids = [4] });
        EventHeader child = Header(Other);
        Assert.True(gate.Admits(Topics.Bash, child, Command(1, parent: 4)));
        Assert.False(gate.Admits(Topics.Bash, child, Command(2, parent: 3)));
        Assert.True(gate.Admits(Topics.Bash, child, new Event { ShellResult = new ShellResult { Command = 1 } }));
        Assert.False(gate.Admits(Topics.Bash, child, new Event { ShellResult = new ShellResult { Command = 2 } }));
        Assert.True(gate.Admits(Topics.Process, child, new Event { ProcessExec = new ProcessExec { Parent = 4 } }));
        Assert.True(gate.Admits(Topics.Process, child, new Event { ProcessExit = new ProcessExit() }));
        Assert.False(Admits(gate, "tls", child)); // it is another process
    }

    [Fact]
    public void Rules_Changed_HoldFromTheNextEventOn()
    {
        CaptureFilter filter = new(CaptureRules.All, isFixed: false);
        using EventGate gate = new(filter, new CountedLosses(), () => 1);
        Assert.True(Admits(gate, "tls", Header(Other)));
        filter.Rules = new CaptureRules { Names = ["nginx"] };
        Assert.False(Admits(gate, "tls", Header(Other)));
        Assert.True(Admits(gate, "tls", Header(Wanted)));
        Assert.Throws<InvalidOperationException>(() => new CaptureFilter(CaptureRules.All).Rules = CaptureRules.All);
    }

    [Fact]
    public void Admits_UnwantedProcess_IsLeftAloneInTheKernelUntilItRunsAnotherProgram()
    {
        Unwanted unwanted = new();
        using EventGate gate = new(new CaptureFilter(s_filters["process"]), new CountedLosses(), () => 1, unwanted);
        Admits(gate, "tls", Header(Wanted));
        Admits(gate, "tls", Header(Other));
        Admits(gate, "secret", Header(Other));
        Admits(gate, "mysqld", Header(Other));
        Assert.Equal(["out 78", "out 78"], unwanted.Said);
        Admits(gate, "exec", Header(Other));
        Assert.Equal("again 78", unwanted.Said[^1]);

        // Where the rules may change, everybody is looked at.
        using EventGate changing = new(new CaptureFilter(s_filters["process"], isFixed: false), new CountedLosses(), () => 1, unwanted);
        unwanted.Said.Clear();
        Assert.False(Admits(changing, "tls", Header(Other)));
        Assert.Empty(unwanted.Said);

        // A port says nothing of its other connections.
        using EventGate port = new(new CaptureFilter(s_filters["port"]), new CountedLosses(), () => 1, unwanted);
        Assert.False(Admits(port, "tls", Header(Other)));
        Assert.Empty(unwanted.Said);
    }

    [Fact]
    public void Packets_Expression_OnlyFramesThatItWants()
    {
        using EventGate gate = new(new CaptureFilter(CaptureRules.All, "greater 100"), new CountedLosses(), () => 1);
        Assert.False(gate.AdmitsFrame(Header(Wanted), Facts, new byte[60]));
        Assert.True(gate.AdmitsFrame(Header(Wanted), Facts, new byte[160]));
        Assert.True(Admits(gate, "tls", Header(Wanted)));
        Assert.Throws<FormatException>(() => new CaptureFilter(CaptureRules.All, "prot 443"));
    }

    [Fact]
    public void Describe_EveryRule_AsOptions()
    {
        Assert.Equal(
            "--pid 77 --uid 33 --process nginx --ignore curl --exe nginx --cgroup / --container 0 --port 443 --packet-filter \"tcp\"",
            new CaptureFilter(s_filters["all of them"], "tcp").Describe());
        Assert.Equal("", new CaptureFilter(CaptureRules.All).Describe());
        Assert.False(new CaptureFilter(CaptureRules.All).IsUsed);
        Assert.True(new CaptureFilter(CaptureRules.All, isFixed: false).IsUsed);
    }

    [Fact]
    public async Task Frames_FromBeforeTheirProcessIsKnown_ComeOnceItIsWantedAndInOrder()
    {
        await using PublisherFixture fixture = Fixture(new CaptureRules { Pids = [Wanted] });
        Frame(fixture, "syn", 0);
        Frame(fixture, "hello", Other); // the client's; it is a connection of both
        Frame(fixture, "other", Other, port: 50001);
        Frame(fixture, "owned", Wanted, isServer: true);
        Frame(fixture, "answer", Other);
        fixture.Now += Second;
        fixture.Publisher.ReleaseHeld(fixture.Now);
        Frame(fixture, "other later", Other, port: 50001);
        fixture.Drain();
        Assert.Equal(["syn", "hello", "owned", "answer"], Frames(fixture));
    }

    [Fact]
    public async Task Frames_OfTwoUnwantedEnds_DoNotWait()
    {
        await using PublisherFixture fixture = Fixture(new CaptureRules { Pids = [Wanted] });
        Frame(fixture, "client", Other);
        Frame(fixture, "server", Other + 1, isServer: true);
        Frame(fixture, "taken over", Wanted);
        fixture.Drain();
        Assert.Equal(["taken over"], Frames(fixture));
    }

    [Fact]
    public async Task Frames_WhoseProcessIsNeverKnown_AreDroppedAfterAWhile()
    {
        await using PublisherFixture fixture = Fixture(new CaptureRules { Pids = [Wanted] });
        Frame(fixture, "syn", 0);
        fixture.Now += FlowOwners.WaitNs;
        fixture.Publisher.ReleaseHeld(fixture.Now);
        Frame(fixture, "too late", Wanted);
        fixture.Drain();
        Assert.Equal(["too late"], Frames(fixture));
    }

    [Fact]
    public async Task Frames_OfAddressesThatSomebodyElseHasNow_WaitAgain()
    {
        await using PublisherFixture fixture = Fixture(new CaptureRules { Pids = [Wanted] });
        Frame(fixture, "old", Other);
        Frame(fixture, "old answer", Other + 1, isServer: true);
        EventHeader closed = Header(Other);
        closed.BootNs = fixture.Now;
        closed.Socket = PublisherFixture.Tuple([127, 0, 0, 1], 50000, [127, 0, 0, 1], 443);
        fixture.Publisher.Publish(Topics.Connection, closed, new Event { ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Closed } });
        Frame(fixture, "syn", 0);
        Frame(fixture, "owned", Wanted);
        fixture.Drain();
        Assert.Equal(["syn", "owned"], Frames(fixture));
    }

    private static FrameFacts Facts { get; } = new(Direction.Sent, "lo", 1, 1, 0);

    private static EventGate Gate(CaptureRules rules, KnownProcesses? known = null) =>
        new(new CaptureFilter(rules), new CountedLosses(), () => 1, null, known ?? new KnownProcesses(OriginOf));

    private static ProcessOrigin OriginOf(uint pid) => pid == Wanted
        ? new ProcessOrigin("/usr/sbin/nginx", "/system.slice/web.service", "0123abcdef")
        : new ProcessOrigin("/usr/bin/curl", "/user.slice", "");

    private static EventHeader Header(uint pid)
    {
        EventHeader header = PublisherFixture.Header(pid, pid == Wanted ? "nginx" : "curl");
        header.Uid = pid == Wanted ? 33u : 1000u;
        header.ProcessStart = Started;
        header.Socket = PublisherFixture.Tuple([10, 0, 0, 1], 50000, [10, 0, 0, 2], (ushort)(pid == Wanted ? 443 : 80));
        return header;
    }

    private static bool Admits(EventGate gate, string kind, in EventHeader header)
    {
        ProcessOrigin origin = OriginOf(header.Pid);
        return kind switch
        {
            "secret" => gate.Admits(Topics.Secret, header, new Event { TlsSecret = new TlsSecret() }),
            "packet" => gate.AdmitsFrame(header, Facts, new byte[60]),
            "state" => gate.Admits(Topics.Connection, header, new Event { ConnectionState = new ConnectionState() }),
            "link" => gate.Admits(Topics.Connection, header, new Event { ConnectionLink = new ConnectionLink() }),
            "mysqld" or "postgres" => gate.Admits(kind, header, new Event { SqlStatement = new SqlStatement() }),
            "bash" or "zsh" => gate.Admits(kind, header, Command(1, parent: 2)),
            "exec" => gate.Admits(
                Topics.Process,
                header,
                new Event { ProcessExec = new ProcessExec { Executable = ByteString.CopyFromUtf8(origin.Executable), Cgroup = ByteString.CopyFromUtf8(origin.Cgroup), Container = origin.Container } }),
            "exit" => gate.Admits(Topics.Process, header, new Event { ProcessExit = new ProcessExit() }),
            _ => gate.AdmitsPlaintext(kind, header),
        };
    }

    private static Event Command(ulong id, uint parent) => new() { ShellCommand = new ShellCommand { Command = id, Parent = parent } };

    private static PublisherFixture Fixture(CaptureRules rules) => new(filter: new CaptureFilter(rules));

    private static void Frame(PublisherFixture fixture, string text, uint pid, ushort port = 50000, bool isServer = false)
    {
        EventHeader header = pid == 0 ? default : Header(pid);
        header.BootNs = fixture.Now;
        header.Socket = PublisherFixture.Tuple([127, 0, 0, 1], port, [127, 0, 0, 1], 443);
        header.Socket = isServer ? header.Socket.Reversed() : header.Socket;
        fixture.Publisher.PublishPacket(header, Direction.Sent, "lo", 1, 1, (uint)text.Length, System.Text.Encoding.UTF8.GetBytes(text));
    }

    private static string[] Frames(PublisherFixture fixture) => [.. fixture.Log.Events.Where(e => e.Packet is not null).Select(e => e.Packet.Data.ToStringUtf8())];

    private sealed class CountedLosses : ECapture.Capture.Modules.ILossAccount
    {
        public void Watch(string module, BpfObject obj)
        {
        }

        public void Count(string where, string why, ulong records = 1) => Assert.Fail($"{where}: {why}");
    }

    private sealed class Unwanted : IUnwantedProcesses
    {
        internal List<string> Said { get; } = [];

        public void LeaveOut(uint pid, ulong startNs)
        {
            Assert.Equal(Started, startNs);
            Said.Add($"out {pid}");
        }

        public void LookAgain(uint pid) => Said.Add($"again {pid}");

        public void Tick(ulong nowNs)
        {
        }
    }
}
