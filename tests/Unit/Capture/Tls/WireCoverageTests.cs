using System.Text;
using ECapture.Capture;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules;
using ECapture.Capture.Modules.Tls;
using ECapture.Capture.Publishing;
using ECapture.Events.V1;
using ECapture.Policies;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.Unit.Capture.Tls;

public sealed class WireCoverageTests
{
    private const ulong Second = 1_000_000_000;
    private const uint NoProcess = 4_194_305; // above the kernel's largest pid
    private readonly Recorder _recorder = new();

    [Fact]
    public void Tick_NothingCaptured_SaidOnceItWasWaitedFor()
    {
        WireCoverage wire = Create();
        wire.Began(Header(1, NoProcess), Random(1));

        wire.Tick(5 * Second);
        Assert.Empty(_recorder.Published);
        wire.Tick(7 * Second);
        wire.Tick(8 * Second);

        (EventHeader header, Event said) = Assert.Single(_recorder.Published);
        Assert.Equal(NoProcess, header.Pid);
        Assert.Equal(1, header.Socket.LocalPort);
        Assert.Equal("connection", said.Coverage.Subject);
        Assert.Equal("client", said.Coverage.Target.ToStringUtf8());
        Assert.Equal("1 TLS connection on the wire, neither secrets nor plaintext captured: the process ended before it could be looked at", said.Coverage.Reason);
    }

    [Fact]
    public void Tick_ProcessNotKnown_SaysSo()
    {
        WireCoverage wire = Create();
        wire.Began(Header(1, pid: 0), Random(1));
        wire.Tick(10 * Second);

        Coverage said = Assert.Single(_recorder.Published).Event.Coverage;
        Assert.Equal("unknown process", said.Target.ToStringUtf8());
        Assert.EndsWith("whose process is not known", said.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Tick_SecretOfItsRandomCaptured_Silent()
    {
        WireCoverage wire = Create();
        wire.Began(Header(1, NoProcess), Random(1));
        wire.Began(Header(2, NoProcess + 1), Random(2));
        wire.Captured(Random(1), Header(9, NoProcess));
        wire.Tick(10 * Second);

        Assert.Equal(NoProcess + 1, Assert.Single(_recorder.Published).Header.Pid);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Tick_PlaintextOfItsFlowCaptured_Silent(bool byTheServer)
    {
        WireCoverage wire = Create();
        EventHeader header = Header(1, NoProcess);
        wire.Began(header, Random(1));
        wire.Captured(byTheServer ? header.Socket.Reversed() : header.Socket);
        wire.Tick(10 * Second);

        Assert.Empty(_recorder.Published);
    }

    [Fact]
    public void Tick_ProcessGoesOn_CountsOfAMinuteAtOnce()
    {
        WireCoverage wire = Create();
        for (int i = 0; i < 4; i++)
        {
            wire.Began(Header(1 + i, NoProcess), Random(1 + i));
        }

        wire.Tick(10 * Second);
        wire.Began(Header(9, NoProcess, bootNs: 70 * Second), Random(9));
        wire.Tick(80 * Second);

        Assert.Equal(["1 TLS connection ", "4 TLS connections "], _recorder.Published.Select(p => p.Event.Coverage.Reason.Split("on the")[0]));
    }

    [Fact]
    public void Began_QuicRepeatedAndAnswered_OneConnection()
    {
        WireCoverage wire = Create();
        EventHeader header = Header(1, NoProcess);
        EventHeader answer = header;
        answer.Socket = header.Socket.Reversed();
        wire.Began(header, []);
        wire.Began(header, []);
        wire.Began(answer, []);
        wire.Tick(10 * Second);
        wire.Tick(100 * Second);

        Assert.StartsWith("1 QUIC connection on the wire", Assert.Single(_recorder.Published).Event.Coverage.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(60, false)]
    public void Tick_QuicOfAProcessThatHandedOutASecret_CapturedIfItWasThen(int secondsLater, bool isCaptured)
    {
        WireCoverage wire = Create();
        wire.Captured(Random(7), Header(9, NoProcess));
        wire.Began(Header(1, NoProcess, bootNs: Second + ((ulong)secondsLater * Second)), []);
        wire.Tick(200 * Second);

        Assert.Equal(isCaptured, _recorder.Published.Count == 0);
    }

    [Fact]
    public void Began_MoreThanCanWait_BoundedAndEachOfTheRestCounted()
    {
        const int Most = 16 * 1024;
        const int Flood = Most + 100;
        WireCoverage wire = Create();
        for (int i = 0; i < Flood; i++)
        {
            wire.Began(Header(i, NoProcess), Random(i));
        }

        Assert.Equal(Flood - Most, _recorder.Losses.Count);
        wire.Tick(10 * Second);
        wire.Began(Header(1, NoProcess, bootNs: 80 * Second), Random(Flood));
        wire.Tick(90 * Second);
        Assert.Equal(Flood - Most, _recorder.Losses.Count);
        Assert.Contains(_recorder.Published, p => p.Event.Coverage.Reason.StartsWith($"{Most} TLS connections", StringComparison.Ordinal));
    }

    [Fact]
    public void Began_NoTlsModuleRuns_Silent()
    {
        WireCoverage wire = Create(new CaptureOptions { Modules = ["packet", "bash"] });
        wire.Began(Header(1, NoProcess), Random(1));
        wire.Tick(10 * Second);

        Assert.Empty(_recorder.Published);
    }

    private WireCoverage Create(CaptureOptions? options = null) => new(new ModuleContext
    {
        ObjectDirectory = "",
        Rings = new RingReader(),
        Publisher = _recorder,
        Losses = _recorder,
        SharedMaps = new Dictionary<string, BpfMap>(),
        Connections = new ConnectionIds(),
        Options = options ?? new CaptureOptions { Modules = ["tls", "packet"] },
        Policy = Policy.BuiltIn(1 << 20),
        BootNs = () => 0,
        Loggers = NullLoggerFactory.Instance,
    });

    private static EventHeader Header(int port, uint pid, ulong bootNs = Second)
    {
        EventHeader header = new() { BootNs = bootNs, Pid = pid, Socket = new SocketTuple { Family = 2, Protocol = 6, LocalPort = (ushort)port, RemotePort = 443 } };
        Encoding.ASCII.GetBytes("client").CopyTo(header.Comm);
        return header;
    }

    private static byte[] Random(int of) => [.. BitConverter.GetBytes(of), .. new byte[28]];
}
