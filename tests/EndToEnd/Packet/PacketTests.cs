using System.Net.Sockets;
using System.Text;
using ECapture.Capture;
using ECapture.Capture.Modules.Packet;
using ECapture.Events.V1;
using ECapture.Tests.EndToEnd.Agent;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;

namespace ECapture.Tests.EndToEnd.Packet;

[Collection(CaptureCollection.Name)]
public sealed class PacketTests
{
    private static readonly CaptureOptions s_loopback = new() { Modules = ["packet"], Interfaces = ["lo"] };
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, "127.0.0.1", "127.0.0.1")]
    [InlineData(false, "127.0.0.1", "127.0.0.1")]
    [InlineData(true, "::1", "::1")]
    [InlineData(true, "::", "127.0.0.1")]
    public async Task Frames_OfOneExchange_AreWhatDumpcapSawAndAttributed(bool useTcx, string listen, string connect)
    {
        using ExternalEcho echo = await ExternalEcho.StartAsync(listen, connect);
        await using CaptureSession session = await CaptureSession.StartAsync(s_loopback, _ => new PacketModule(useTcx));
        await using Sniffer sniffer = await Sniffer.StartAsync("lo", echo.Port, Cancellation);
        string text = string.Concat(Enumerable.Repeat("0123456789abcdef", 5000)); // more than one 64 KiB segment
        Assert.Equal(text, await echo.SendAsync(text));
        await session.WaitForAsync(
            e => e.ConnectionState?.State == ConnectionState.Types.State.Closed && e.Flow.LocalPort == echo.Port, "the server's close");

        IReadOnlyList<Event> events = await session.StopAsync();
        Event[] packets = [.. events.Where(e => e.Packet is not null && IsOf(e, echo.Port))];
        IReadOnlyList<byte[]> seen = await sniffer.StopAsync(packets.Length, Cancellation);

        Assert.True(packets.Length >= 10, $"{packets.Length} frames");
        Assert.Equal(seen, packets.Select(p => p.Packet.Data.ToByteArray()));
        Assert.All(packets, p => Assert.Equal((uint)p.Packet.Data.Length, p.Packet.OriginalLength));
        Assert.All(packets, p => Assert.Equal("lo", p.Packet.Interface));
        Assert.All(packets, p => Assert.Equal(1u, p.Packet.LinkType));
        Assert.All(packets, p => Assert.Contains(p.Process?.Pid ?? 0, new[] { echo.ClientPid, echo.ServerPid }));

        // The SYN leaves before its port is known anywhere, and is the client's all the same.
        Assert.Equal(echo.ClientPid, packets[0].Process.Pid);
        Assert.Equal(Direction.Sent, packets[0].Packet.Direction);
        Assert.Equal(echo.Port, packets[0].Flow.RemotePort);
        Event answer = packets.Last(p => p.Packet.Data.Length > 10000 && p.Flow.LocalPort == echo.Port);
        Assert.Equal(echo.ServerPid, answer.Process.Pid);
        Event opened = events.Single(e => e.ConnectionState?.State == ConnectionState.Types.State.Opened && e.Flow.RemotePort == echo.Port);
        Assert.All(packets, p => Assert.Equal(opened.Flow.Id, p.Flow.Id));
        Assert.All(packets, p => Assert.Equal(opened.Flow.NetworkNamespace, p.Flow.NetworkNamespace));
        Assert.Equal(packets.Select(p => p.BootNs).Order(), packets.Select(p => p.BootNs));
    }

    [Fact]
    public async Task Frames_OfThisProcess_AreNotCapturedAndCounted()
    {
        using ExternalEcho echo = await ExternalEcho.StartAsync();
        await using CaptureSession session = await CaptureSession.StartAsync(s_loopback);
        using (TcpClient client = new())
        {
            await client.ConnectAsync("127.0.0.1", (int)echo.Port, Cancellation);
            NetworkStream stream = client.GetStream();
            await stream.WriteAsync("excluded-marker"u8.ToArray(), Cancellation);
            await stream.ReadExactlyAsync(new byte["excluded-marker".Length], Cancellation);
        }

        // What comes after it in the ring has been read when this is there.
        await echo.SendAsync("seen-marker");
        await session.WaitForAsync(e => Holds(e, "seen-marker"), "the client's frame");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.DoesNotContain(events, e => Holds(e, "excluded-marker"));
        Assert.DoesNotContain(events, e => e.Process?.Pid == (uint)Environment.ProcessId);
        Assert.Contains(events, e => IsExcluded(e) && e.AgentState.Detail.Contains($"process {Environment.ProcessId} ", StringComparison.Ordinal));
        Assert.Contains(events, e => IsExcluded(e) && e.AgentState.Module == "packet" && e.AgentState.Detail.EndsWith("frames of excluded processes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_InterfaceDoesNotExist_FailsAndListsThoseThatDo()
    {
        CaptureOptions options = new() { Modules = ["packet"], Interfaces = ["lo", "nope0"] };
        CaptureException e = await Assert.ThrowsAsync<CaptureException>(() => CaptureSession.StartAsync(options));
        Assert.True(e.IsUsage);
        Assert.StartsWith("there is no interface nope0: the interfaces are ", e.Message, StringComparison.Ordinal);
        Assert.Contains("lo", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientHello_OnTheWire_LinksRandomAndNameToTheFlow()
    {
        await using CaptureSession session = await CaptureSession.StartAsync(s_loopback);
        int port = FreePort.Next();
        // Nobody answers in TLS: the ClientHello is sent all the same.
        await using ServerProcess server = ServerProcess.Start("nc", ["-l", "-s", "127.0.0.1", "-p", $"{port}"]);
        ServerProcess curl = ServerProcess.Start(
            "curl", ["-sk", "--max-time", "1", "--resolve", $"hello.example:{port}:127.0.0.1", "--retry", "20", "--retry-connrefused", "--retry-delay", "1", $"https://hello.example:{port}/"]);
        await using (curl)
        {
            Event link = await session.WaitForAsync(
                e => e.ConnectionLink?.Source == ConnectionLink.Types.Source.Wire && e.Flow.RemotePort == port, "the link");
            Assert.Equal("hello.example", link.ConnectionLink.ServerName.ToStringUtf8());
            Assert.Equal(32, link.ConnectionLink.ClientRandom.Length);
            Assert.Equal((uint)curl.Id, link.Process.Pid);
            Event frame = await session.WaitForAsync(
                e => e.Packet is not null && e.Packet.Data.Span.IndexOf(link.ConnectionLink.ClientRandom.Span) >= 0, "the frame");
            Assert.Equal(frame.Flow.Id, link.Flow.Id);
        }
    }

    private static bool IsOf(Event e, uint port) => e.Flow is { } flow && (flow.LocalPort == port || flow.RemotePort == port);

    private static bool IsExcluded(Event e) => e.AgentState?.State == AgentState.Types.State.Excluded;

    private static bool Holds(Event e, string marker) => e.Packet?.Data.Span.IndexOf(Encoding.ASCII.GetBytes(marker)) >= 0;
}
