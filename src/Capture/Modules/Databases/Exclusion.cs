using System.Text;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Databases;

/// <summary>
/// Says which sessions are the pipeline's own: their client is one of its processes on this host, or their user is one that the options
/// name. (Not by the application name: anybody can set that.)
/// </summary>
internal sealed class Exclusion(IReadOnlyDictionary<string, BpfMap> maps, IReadOnlyList<string> users)
{
    // The client's process may be noted a moment after its first message was read here.
    private const int Looks = 8;

    /// <param name="socket">The server's.</param>
    /// <param name="databaseUser">Empty: not known yet.</param>
    /// <param name="looks">How often it was looked; the session keeps it.</param>
    /// <returns>Why the session is left out; null: it is not.</returns>
    internal string? Find(in SocketTuple socket, ReadOnlyMemory<byte> databaseUser, ref int looks)
    {
        if (looks >= Looks)
        {
            return null;
        }

        if (ClientOf(socket) is not 0 and uint pid && maps["excluded_processes"].TryGet(pid, out ExcludedProcess excluded) && excluded.IsOwn)
        {
            return $"sessions of process {pid}";
        }

        if (users.Count > 0)
        {
            string user = Encoding.UTF8.GetString(databaseUser.Span);
            if (users.Contains(user))
            {
                return $"sessions of database user {user}";
            }
        }

        looks++;
        return null;
    }

    private uint ClientOf(in SocketTuple socket) =>
        !socket.HasAddresses ? socket.PeerPid
        : maps["socket_owner"].TryGet(socket.Reversed(), out SocketOwner owner) ? owner.Pid
        : 0;
}
