using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using ECapture.Capture;
using ECapture.Capture.Modules;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;
using State = ECapture.Events.V1.ConnectionState.Types.State;

namespace ECapture.Tests.EndToEnd.Agent;

[Collection(CaptureCollection.Name)]
public sealed class AgentTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("::", "127.0.0.1")] // the accepted socket is an IPv6 one
    public async Task RunAsync_OneConnection_OpenedAcceptedClosedWithProcesses(string listen, string connect)
    {
        await using CaptureSession session = await CaptureSession.StartAsync();
        using ExternalEcho echo = await ExternalEcho.StartAsync(listen, connect);
        string answer = await echo.SendAsync("marker");
        Assert.Equal("marker", answer);

        await session.WaitForAsync(e => Is(e, State.Closed) && e.Flow.LocalPort == echo.Port, "the server's close");
        IReadOnlyList<Event> events = await session.StopAsync();

        Event opened = Assert.Single(events, e => Is(e, State.Opened) && e.Flow.RemotePort == echo.Port);
        Event accepted = Assert.Single(events, e => Is(e, State.Accepted) && e.Flow.LocalPort == echo.Port);
        Assert.Equal(echo.ClientPid, opened.Process.Pid);
        Assert.StartsWith("python3", opened.Process.Name.ToStringUtf8(), StringComparison.Ordinal);
        Assert.Equal(echo.ServerPid, accepted.Process.Pid);
        Assert.Equal(opened.Flow.Id, accepted.Flow.Id);
        Assert.Equal(opened.Flow.LocalPort, accepted.Flow.RemotePort);
        Assert.Equal(IPAddress.Parse(connect).GetAddressBytes(), opened.Flow.LocalAddress.ToByteArray());
        Assert.Equal(opened.Flow.LocalAddress, accepted.Flow.RemoteAddress);
        Event[] closed = [.. events.Where(e => Is(e, State.Closed) && e.Flow.Id == opened.Flow.Id)];
        Assert.Equal(2, closed.Length);
        Assert.Equal([echo.ServerPid, echo.ClientPid], closed.Select(c => c.Process.Pid).OrderBy(p => p == echo.ClientPid));
    }

    [Fact]
    public async Task RunAsync_ConnectionOlderThanTheAgent_ExistingWithItsProcess()
    {
        using ExternalEcho echo = await ExternalEcho.StartAsync();
        uint client = await echo.HoldAsync();
        using TcpClient other = new();
        await other.ConnectAsync("127.0.0.1", (int)echo.Port, Cancellation); // this process is excluded
        await using CaptureSession session = await CaptureSession.StartAsync();

        Event existing = await session.WaitForAsync(e => Is(e, State.Existing) && e.Flow.RemotePort == echo.Port, "the client's side");
        Assert.Equal(client, existing.Process.Pid);
        await session.WaitForAsync(e => Is(e, State.Existing) && e.Flow.LocalPort == echo.Port && e.Process.Pid == echo.ServerPid, "the server's side");
        Assert.Single(await session.StopAsync(), e => Is(e, State.Existing) && e.Flow.RemotePort == echo.Port);
    }

    [Fact]
    public async Task RunAsync_Cancelled_StopsLeavesNothingAndItsRecordAddsUp()
    {
        CaptureSession session = await CaptureSession.StartAsync("packet");
        using ExternalEcho echo = await ExternalEcho.StartAsync();
        await echo.SendAsync("marker");
        Assert.NotEmpty(BpfDescriptors());

        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Empty(BpfDescriptors());
        Event[] own = [.. events.Where(e => e.Topic == Topics.Agent)];
        Assert.Equal(AgentState.Types.State.Started, own[0].AgentState.State);
        Assert.Equal(AgentState.Types.State.Stopped, own[^2].AgentState.State);
        Assert.NotEmpty(own[0].AgentState.Kernel);
        Assert.NotEmpty(own[0].AgentState.Version);
        foreach (Checkpoint.Types.Stream stream in own[^1].Checkpoint.Streams)
        {
            byte[][] encoded = [.. events.Zip(session.Log.Encoded).Where(e => e.First.Topic == stream.Topic).Select(e => e.Second)];
            int count = stream.Topic == Topics.Agent ? encoded.Length - 1 : encoded.Length; // a checkpoint does not hold itself
            Assert.Equal((ulong)count, stream.Count);
            Assert.Equal((ulong)count - 1, stream.LastSequence);
            byte[] digest = encoded.Take(count).Aggregate(new byte[32], (before, e) => SHA256.HashData([.. before, .. e]));
            Assert.Equal(digest, stream.Sha256.ToByteArray());
        }

        Assert.Contains(own[^1].Checkpoint.Streams, s => s.Topic == Topics.Packet);
        await session.DisposeAsync();
    }

    [Fact]
    public async Task RunAsync_UnknownModule_NothingStarted()
    {
        CaptureException e = await Assert.ThrowsAsync<CaptureException>(() => CaptureSession.StartAsync("packets"));
        Assert.True(e.IsUsage);
        Assert.Contains("did you mean packet?", e.Message, StringComparison.Ordinal);
        Assert.Empty(BpfDescriptors());
    }

    [Fact]
    public async Task RunAsync_OneModuleFails_OthersGoOnAndItIsSaid()
    {
        CaptureOptions options = new() { Modules = ["broken", "packet"], Interfaces = ["lo"] };
        RecordingLog log = new();
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => CaptureSession.StartAsync(options, name => name == "broken" ? new BrokenModule() : CaptureModules.Create(name), log));
        Assert.Equal("module broken does not run here: there is nothing to attach to", e.Message);
        Assert.Contains(log.Events, s => s.AgentState?.State == AgentState.Types.State.ModuleStarted && s.AgentState.Module == "packet");
    }

    [Fact]
    public async Task RunAsync_EveryModuleFails_Fails()
    {
        CaptureException e = await Assert.ThrowsAsync<CaptureException>(
            () => CaptureSession.StartAsync(new CaptureOptions { Modules = ["broken"] }, _ => new BrokenModule()));
        Assert.Equal("no module can run: there is nothing to attach to", e.Message);
        Assert.Empty(BpfDescriptors());
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string[] BpfDescriptors() =>
    [
        .. Directory.EnumerateFiles("/proc/self/fd")
            .Select(f => new FileInfo(f).LinkTarget ?? "")
            .Where(t => t.StartsWith("anon_inode:bpf", StringComparison.Ordinal)),
    ];

    private static bool Is(Event e, State state) => e.ConnectionState?.State == state;
}
