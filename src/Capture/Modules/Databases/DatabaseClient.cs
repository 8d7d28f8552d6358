using System.Net;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Databases;

/// <summary>The client of a database session, as events name it.</summary>
internal static class DatabaseClient
{
    /// <summary>The address of sessions on UNIX sockets.</summary>
    internal const string Local = "local";

    /// <returns>Null: the socket is not known.</returns>
    internal static string? AddressOf(in SocketTuple socket)
    {
        const byte UnixFamily = 1;
        if (socket.Family == UnixFamily)
        {
            return Local;
        }

        if (!socket.HasAddresses)
        {
            return null;
        }

        Bytes16 remote = socket.Remote;
        IPAddress address = new((ReadOnlySpan<byte>)remote);
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }
}
