using System.Net;
using System.Net.Sockets;

namespace ECapture.Tests.Support;

/// <summary>TCP ports of the loopback that nobody listens on now.</summary>
public static class FreePort
{
    public static int Next()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
