using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Databases;
using ECapture.Capture.Modules.Processes;

namespace ECapture.Capture.Modules.Connection;

/// <summary>
/// The TCP and UDP sockets that there are and who holds them, from /proc, for objects that cannot iterate over the kernel's. Sockets of the agent's own
/// network namespace alone.
/// </summary>
internal static class ExistingSockets
{
    private const byte Tcp = 6;
    private const byte Udp = 17;
    private const int Listening = 10; // TCP_LISTEN
    private const int SynSent = 2;
    private const int SynReceived = 3;
    private const int Closed = 7;

    /// <summary>A socket of /proc/net/tcp and the like.</summary>
    /// <param name="Tuple">Its addresses.</param>
    /// <param name="Inode">Of its file.</param>
    /// <param name="State">The kernel's number of its state.</param>
    internal readonly record struct Line(SocketTuple Tuple, ulong Inode, int State);

    /// <summary>Lists those that are connected. A socket that several processes hold is there once, for the first.</summary>
    /// <param name="owners">The map <c>socket_owner</c>, which is filled in.</param>
    /// <param name="known">The map <c>known_processes</c>; null: the object reads when processes began itself.</param>
    /// <param name="bootNs">Now.</param>
    internal static List<ConnectionRecord> Find(BpfMap owners, BpfMap? known, ulong bootNs)
    {
        Dictionary<ulong, Line> sockets = [];
        uint netns = known is null ? Packet.CaptureInterface.Namespace : 0;
        foreach ((string file, byte protocol) in ((string, byte)[])[("tcp", Tcp), ("tcp6", Tcp), ("udp", Udp), ("udp6", Udp)])
        {
            string path = $"/proc/net/{file}";
            foreach (string line in File.Exists(path) ? File.ReadLines(path).Skip(1) : [])
            {
                if (Parse(line, protocol, netns) is { Inode: not 0, Tuple.RemotePort: not 0 } socket)
                {
                    sockets[socket.Inode] = socket;
                }
            }
        }

        List<ConnectionRecord> connections = [];
        foreach (int pid in RunningPrograms.Pids())
        {
            if (sockets.Count == 0)
            {
                break;
            }

            foreach (ulong inode in SocketsOf(pid))
            {
                if (sockets.Remove(inode, out Line socket) && OwnerOf(pid, known) is { } owner)
                {
                    owners.Set(socket.Tuple, owner);
                    if (socket is { Tuple.Protocol: Tcp, State: not (Listening or SynSent or SynReceived or Closed) })
                    {
                        connections.Add(Record(socket, owner, bootNs));
                    }
                }
            }
        }

        return connections;
    }

    /// <summary>Reads a line: <c>sl local_address rem_address st … uid timeout inode</c>, addresses in hexadecimal words of the host's order.</summary>
    /// <returns>Null: it is none.</returns>
    internal static Line? Parse(string line, byte protocol, uint netns)
    {
        const int InodeAt = 9;
        string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        SocketTuple tuple = new() { Protocol = protocol, Netns = netns };
        if (fields.Length <= InodeAt
            || !TryRead(fields[1], tuple.Local, out tuple.LocalPort)
            || !TryRead(fields[2], tuple.Remote, out tuple.RemotePort)
            || !int.TryParse(fields[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int state)
            || !ulong.TryParse(fields[InodeAt], NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode))
        {
            return null;
        }

        ReadOnlySpan<byte> remote = tuple.Remote;
        tuple.Family = (byte)(remote.StartsWith(Mapped) ? 2 : 10); // AF_INET, AF_INET6
        return new Line(tuple, inode, state);
    }

    private static ReadOnlySpan<byte> Mapped => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

    private static bool TryRead(string text, Span<byte> address, out ushort port)
    {
        const int WordDigits = 8;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        port = 0;
        if (colon is not (WordDigits or 4 * WordDigits) || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out port))
        {
            return false;
        }

        int at = colon == WordDigits ? Mapped.Length : 0;
        Mapped[..at].CopyTo(address);
        for (int digit = 0; digit < colon; digit += WordDigits, at += sizeof(uint))
        {
            if (!uint.TryParse(text.AsSpan(digit, WordDigits), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint word))
            {
                return false;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(address[at..], word); // both processors that there are objects for count this way
        }

        return true;
    }

    private static IEnumerable<ulong> SocketsOf(int pid)
    {
        const string Prefix = "socket:[";
        string[] files;
        try
        {
            files = Directory.GetFiles($"/proc/{pid}/fd");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            yield break; // it ended
        }

        foreach (string file in files)
        {
            if (RunningPrograms.LinkOf(file) is { } target
                && target.StartsWith(Prefix, StringComparison.Ordinal)
                && ulong.TryParse(target.AsSpan(Prefix.Length).TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode))
            {
                yield return inode;
            }
        }
    }

    private static SocketOwner? OwnerOf(int pid, BpfMap? known)
    {
        if (ProcessStat.Read(pid) is not { } process)
        {
            return null;
        }

        SocketOwner owner = new() { Pid = (uint)pid, ProcessStart = process.StartNs, Uid = UidOf(pid) };
        if (known is not null && known.TryGet((uint)pid, out KnownProcess kept))
        {
            owner.ProcessStart = kept.Start;
        }

        Span<byte> comm = owner.Comm;
        byte[] name = System.Text.Encoding.UTF8.GetBytes(process.Name);
        name.AsSpan(0, Math.Min(name.Length, comm.Length - 1)).CopyTo(comm);
        return owner;
    }

    private static uint UidOf(int pid)
    {
        const string Field = "Uid:";
        try
        {
            string? line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal));
            return line is null ? uint.MaxValue : uint.Parse(line[Field.Length..].Split('\t', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return uint.MaxValue;
        }
    }

    private static ConnectionRecord Record(in Line socket, in SocketOwner owner, ulong bootNs) => new()
    {
        Header = new RecordHeader
        {
            Type = (ushort)ConnectionEvent.Existing,
            BootNs = bootNs,
            ProcessStart = owner.ProcessStart,
            Pid = owner.Pid,
            Tid = owner.Pid,
            Uid = owner.Uid,
            Comm = owner.Comm,
        },
        Tuple = socket.Tuple,
        Sk = socket.Inode,
    };
}
