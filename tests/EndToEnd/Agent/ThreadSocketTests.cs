using System.Globalization;
using System.Runtime.InteropServices;
using ECapture.Capture.Agent;
using ECapture.Capture.Bpf;
using ECapture.Tests.Support;
using Microsoft.Win32.SafeHandles;

namespace ECapture.Tests.EndToEnd.Agent;

/// <summary>The map that library calls are joined to their connections by.</summary>
[Collection(CaptureCollection.Name)]
public sealed partial class ThreadSocketTests
{
    private const string UnixPair = """
        import os, socket, time
        listening = socket.socket(socket.AF_UNIX)
        listening.bind("\0ecapture-" + str(os.getpid()))
        listening.listen()
        child = os.fork()
        if child == 0:
            c = socket.socket(socket.AF_UNIX)
            c.connect("\0ecapture-" + str(os.getppid()))
            c.send(b"x")
            c.recv(1)
            os.write(1, b"ready\n")
            parent = os.getppid()
            while os.getppid() == parent:  # left alone it would keep the test's pipe open
                time.sleep(0.1)
        a, _ = listening.accept()
        a.recv(1)
        a.send(b"x")
        os.write(1, b"child %d\n" % child)  # one write: the child writes there, too
        os.wait()
        """;

    private const string ManySockets = """
        import os, signal, socket
        s = socket.create_server(("127.0.0.1", 0))
        pairs = []
        for _ in range(3):
            c = socket.create_connection(s.getsockname())
            a, _ = s.accept()
            pairs.append((c, a))
        for c, a in pairs:
            c.send(b"x")
            a.recv(1)
        pairs[1][0].send(b"y")
        print("port", pairs[1][0].getsockname()[1], s.getsockname()[1], flush=True)
        pairs[1][0].close()
        signal.pause()
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UnixSocket_PeerPidOnBothSides()
    {
        using BaseObject baseObject = Attach();
        await using ServerProcess server = ServerProcess.Start("python3", ["-c", UnixPair]);
        int child = int.Parse(await LineAsync(server, "child "), CultureInfo.InvariantCulture);
        await LineAsync(server, "ready");

        ThreadSocket accepted = Read(baseObject, server.Id);
        ThreadSocket connected = Read(baseObject, child);
        Assert.Equal((1, (uint)child), (accepted.Tuple.Family, accepted.Tuple.PeerPid));
        Assert.Equal((1, (uint)server.Id), (connected.Tuple.Family, connected.Tuple.PeerPid));
        const int Kill = 9;
        Assert.Equal(0, kill(child, Kill));
    }

    [Fact]
    public async Task TcpSockets_TheLastUsed()
    {
        using BaseObject baseObject = Attach();
        await using ServerProcess server = ServerProcess.Start("python3", ["-c", ManySockets]);
        string[] ports = (await LineAsync(server, "port ")).Split(' ');

        ThreadSocket last = Read(baseObject, server.Id);
        Assert.Equal(2, last.Tuple.Family);
        Assert.Equal(6, last.Tuple.Protocol);
        Assert.Equal(ports, new[] { $"{last.Tuple.LocalPort}", $"{last.Tuple.RemotePort}" });
        Assert.NotEqual(0u, last.Tuple.Netns);
    }

    private static BaseObject Attach()
    {
        BaseObject baseObject = BaseObject.Load(Path.Combine(AppContext.BaseDirectory, "bpf"));
        baseObject.Object.Attach("on_send");
        baseObject.Object.Attach("on_receive");
        return baseObject;
    }

    private static async Task<string> LineAsync(ServerProcess process, string start)
    {
        string? found = null;
        await process.WaitReadyAsync(
            _ =>
            {
                found = process.Output.Split('\n').FirstOrDefault(l => l.StartsWith(start, StringComparison.Ordinal));
                return Task.FromResult(found is not null);
            },
            TimeSpan.FromSeconds(60),
            Cancellation);
        return found![start.Length..].Trim();
    }

    // Task storage is looked up by a pidfd.
    private static ThreadSocket Read(BaseObject baseObject, int pid)
    {
        using SafeFileHandle process = new(pidfd_open(pid, 0), ownsHandle: true);
        Assert.False(process.IsInvalid, $"pidfd_open: {Marshal.GetLastPInvokeErrorMessage()}");
        Assert.True(baseObject.SharedMaps["thread_socket"].TryGet((int)process.DangerousGetHandle(), out ThreadSocket last));
        return last;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pidfd_open(int pid, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    /// <summary><c>struct thread_socket</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ThreadSocket
    {
        internal SocketTuple Tuple;
        internal ulong BootNs;
        internal ulong Sk;
    }
}
