using System.Globalization;
using ECapture.Capture;
using ECapture.Capture.Filters;
using ECapture.Events.V1;
using ECapture.Tests.EndToEnd.Tls;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Filters;

/// <summary>
/// Every filter on what real programs do: of two that differ in user, name, file, control group, container and the port that they talk to, the one that it allows is there in every topic and the other in none.
/// </summary>
[Collection(CaptureCollection.Name)]
public sealed class FilterMatrixTests : IDisposable
{
    private const uint WantedUid = 65534;

    private static readonly CaptureRules s_nothing = new() { Names = ["no such name"] };

    private readonly string _marker = $"m{Guid.NewGuid():N}";
    private readonly DirectoryInfo _programs = Directory.CreateTempSubdirectory("ecapture-filters-");
    private readonly string _cgroups;
    private readonly string _container = Convert.ToHexStringLower(Guid.NewGuid().ToByteArray()) + Convert.ToHexStringLower(Guid.NewGuid().ToByteArray());

    public FilterMatrixTests()
    {
        File.SetUnixFileMode(_programs.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        File.Copy("/usr/bin/curl", Program("wanted"));
        File.Copy("/usr/bin/curl", Program("other"));
        string root = new[] { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" }.First(d => File.Exists(Path.Combine(d, "cgroup.procs")));
        _cgroups = Path.Combine(root, "ecapture-" + _marker);
        Directory.CreateDirectory(Cgroup);
    }

    private string Cgroup => Path.Combine(_cgroups, $"docker-{_container}.scope");

    public void Dispose()
    {
        _programs.Delete(recursive: true);
        Directory.Delete(Cgroup);
        Directory.Delete(_cgroups);
    }

    [Fact]
    public async Task Capture_EveryFilter_OneProgramInEveryTopicAndTheOtherInNone()
    {
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        await using NginxServer elsewhere = await NginxServer.StartAsync(http2: false);
        CaptureFilter filter = new(s_nothing, isFixed: false);
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["tls", "packet", "bash"], Interfaces = ["lo"], Filter = filter });
        (string Name, Func<uint, uint, CaptureRules> Rules, bool TakesNginx)[] filters =
        [
            ("pid", (wanted, _) => new() { Pids = [1, wanted] }, false),
            ("uid", (_, _) => new() { Uids = [WantedUid] }, false),
            ("process", (_, _) => new() { Names = ["wanted"] }, false),
            ("process by pid", (wanted, _) => new() { Names = [Text(wanted)] }, false),
            ("ignore", (_, _) => new() { Ignored = ["other"] }, true),
            ("ignore by pid", (_, other) => new() { Ignored = [Text(other)] }, true),
            ("exe", (_, _) => new() { Executables = [Program("wanted")] }, false),
            ("exe by name", (_, _) => new() { Executables = ["wanted"] }, false),
            ("cgroup", (_, _) => new() { Cgroups = [CaptureRules.CgroupPath(_cgroups)] }, false),
            ("container", (_, _) => new() { Containers = [_container[..12]] }, false),
            ("port", (_, _) => new() { Ports = [(ushort)nginx.Port] }, true),
        ];
        List<(string Name, uint Wanted, uint Other, bool TakesNginx)> rounds = [];
        foreach ((string name, Func<uint, uint, CaptureRules> rules, bool takesNginx) in filters)
        {
            string marker = Marker(rounds.Count);
            using WaitingProgram wanted = await WaitingProgram.StartAsync(WantedUid, Cgroup, Program("wanted"), Curl($"{nginx.Url}/{marker}"));
            using WaitingProgram other = await WaitingProgram.StartAsync(null, null, Program("other"), Curl($"{elsewhere.Url}/{marker}"));
            rounds.Add((name, wanted.Pid, other.Pid, takesNginx));
            filter.Rules = rules(wanted.Pid, other.Pid);
            await other.RunAsync();
            await wanted.RunAsync();
            await session.Log.WaitUntilAsync(
                e => Topics(e, wanted.Pid).SequenceEqual(s_all) && e.Any(r => r.ProcessExit is not null && r.Process.Pid == wanted.Pid),
                TimeSpan.FromSeconds(90),
                $"--{name}: every topic of process {wanted.Pid}");
            filter.Rules = s_nothing;
        }

        IReadOnlyList<Event> events = await session.StopAsync();
        for (int i = 0; i < rounds.Count; i++)
        {
            (string name, uint wanted, uint other, bool takesNginx) = rounds[i];
            Assert.Equal(s_all, Topics(events, wanted));
            // bash waited before the filter held. Frames and what ties them together are of both ends, and without a connection there is no port.
            string[] none = name switch
            {
                "port" => [.. Topics(events, other).Except(["bash", "process"])],
                _ when takesNginx => [.. Topics(events, other).Except(["packet", "link"])],
                _ => Topics(events, other),
            };
            Assert.True(none.Length == 0, $"--{name}: of process {other} there are {string.Join(", ", none)}");
            string request = $"GET /{Marker(i)} ";
            Assert.Equal(takesNginx, events.Any(e => e.TlsData is not null && e.Process.Pid != wanted && e.Process.Pid != other && TlsStream.Contains(e, request)));
        }
    }

    [Fact]
    public async Task Capture_FixedFilter_IsSaidAndHoldsForShortPrograms()
    {
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        CaptureFilter filter = new(new CaptureRules { Executables = ["wanted"], Ignored = ["nginx"] }, $"tcp port {nginx.Port}");
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["tls", "packet", "bash"], Interfaces = ["lo"], Filter = filter });
        List<uint> wanted = [], other = [];
        for (int i = 0; i < 3; i++)
        {
            using WaitingProgram one = await WaitingProgram.StartAsync(null, null, Program("other"), Curl($"{nginx.Url}/{_marker}"));
            using WaitingProgram two = await WaitingProgram.StartAsync(null, null, Program("wanted"), Curl($"{nginx.Url}/{_marker}"));
            await one.RunAsync();
            await two.RunAsync();
            other.Add(one.Pid);
            wanted.Add(two.Pid);
        }

        IReadOnlyList<Event> events = await session.StopAsync();
        Assert.Contains(events, e => e.AgentState is { State: AgentState.Types.State.Configured } said && said.Detail.Contains($"--ignore nginx --exe wanted --packet-filter \"tcp port {nginx.Port}\"", StringComparison.Ordinal));
        Assert.All(wanted, pid => Assert.Equal(s_all, Topics(events, pid)));
        Assert.All(other, pid => Assert.Empty(Topics(events, pid)));
        Assert.All(events.Where(e => e.Packet is not null), e => Assert.Contains((uint)nginx.Port, new[] { e.Flow.LocalPort, e.Flow.RemotePort }));
        Assert.DoesNotContain(events, e => e.Coverage is { } coverage && coverage.Target.ToStringUtf8() == Program("other")); // it was not asked for, so it is not missing
    }

    private static readonly string[] s_all = ["bash", "connection", "link", "packet", "process", "secret", "tls"];

    private static string[] Topics(IReadOnlyList<Event> events, uint pid) =>
    [
        .. events.Where(e => e.Process?.Pid == pid).Select(Topic).OfType<string>().Distinct().Order(StringComparer.Ordinal),
    ];

    private static string? Topic(Event e) => e.PayloadCase switch
    {
        Event.PayloadOneofCase.TlsData => "tls",
        Event.PayloadOneofCase.TlsSecret => "secret",
        Event.PayloadOneofCase.Packet => "packet",
        Event.PayloadOneofCase.ConnectionState => "connection",
        Event.PayloadOneofCase.ConnectionLink => "link",
        Event.PayloadOneofCase.ShellCommand or Event.PayloadOneofCase.ShellResult => "bash",
        Event.PayloadOneofCase.ProcessExec when !e.ProcessExec.Executable.ToStringUtf8().EndsWith("/bash", StringComparison.Ordinal) => "process",
        _ => null,
    };

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);

    private static string[] Curl(string url) => ["-sS", "-k", "-o", "/dev/null", url];

    private string Marker(int round) => $"{_marker}-{round}.";

    private string Program(string name) => Path.Combine(_programs.FullName, name);
}
