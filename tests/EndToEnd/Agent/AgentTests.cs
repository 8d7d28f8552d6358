using System.Net;
using System.Net.Sockets;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using State = ECapture.Events.V1.ConnectionState.Types.State;

namespace ECapture.Tests.EndToEnd.Agent;

[Collection(CaptureCollection.Name)]
public sealed class AgentTests
{
    [Fact]
    public async Task RunAsync_OneConnection_OpenedAcceptedClosedWithProcesses()
    {
        await using CaptureSession session = await CaptureSession.StartAsync();
        using ExternalEcho echo = await ExternalEcho.StartAsync();
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
        Assert.Equal(IPAddress.Loopback.GetAddressBytes(), opened.Flow.LocalAddress.ToByteArray());
        Event[] closed = [.. events.Where(e => Is(e, State.Closed) && e.Flow.Id == opened.Flow.Id)];
        Assert.Equal(2, closed.Length);
        Assert.Equal([echo.ServerPid, echo.ClientPid], closed.Select(c => c.Process.Pid).OrderBy(p => p == echo.ClientPid));
    }

    private static bool Is(Event e, State state) => e.ConnectionState?.State == state;
}
