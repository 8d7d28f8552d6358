using System.Diagnostics;
using System.Globalization;

namespace ECapture.Tests.EndToEnd.Agent;

/// <summary>A TCP echo server and client that are processes of their own: this one is excluded from capture.</summary>
internal sealed class ExternalEcho : IDisposable
{
    private const string Server = """
        import os, socket, sys
        family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
        s = socket.create_server((sys.argv[1], 0), family=family, dualstack_ipv6=sys.argv[1] == "::")
        print(os.getpid(), s.getsockname()[1], flush=True)
        while True:
            c, _ = s.accept()
            while data := c.recv(65536):
                c.sendall(data)
            c.close()
        """;

    private const string Client = """
        import os, socket, sys
        c = socket.create_connection((sys.argv[1], int(sys.argv[2])))
        c.sendall(sys.argv[3].encode())
        c.shutdown(socket.SHUT_WR)
        answer = b""
        while data := c.recv(65536):
            answer += data
        c.close()
        print(os.getpid(), answer.decode(), flush=True)
        """;

    // Keeps its connection until its input ends.
    private const string Holder = """
        import os, socket, sys
        c = socket.create_connection((sys.argv[1], int(sys.argv[2])))
        c.sendall(b"x")
        c.recv(1)
        print(os.getpid(), flush=True)
        sys.stdin.read()
        """;

    private readonly Process _server;
    private Process? _holder;

    private readonly string _address;

    private ExternalEcho(Process server, uint pid, uint port, string address)
    {
        _address = address;
        _server = server;
        ServerPid = pid;
        Port = port;
    }

    internal uint ServerPid { get; }

    internal uint Port { get; }

    internal uint ClientPid { get; private set; }

    /// <summary>Starts the server.</summary>
    /// <param name="listen">Its address; <c>::</c> takes IPv4 clients, too.</param>
    /// <param name="connect">Where clients connect to.</param>
    internal static async Task<ExternalEcho> StartAsync(string listen = "127.0.0.1", string connect = "127.0.0.1")
    {
        Process server = Start(Server, listen);
        string line = await server.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the echo server did not start");
        string[] parts = line.Split(' ');
        return new ExternalEcho(server, Number(parts[0]), Number(parts[1]), connect);
    }

    /// <summary>Sends a text over a new connection and returns the answer.</summary>
    internal async Task<string> SendAsync(string text)
    {
        using Process client = Start(Client, _address, Port.ToString(CultureInfo.InvariantCulture), text);
        string output = await client.StandardOutput.ReadToEndAsync();
        await client.WaitForExitAsync();
        string[] parts = output.TrimEnd('\n').Split(' ', 2);
        ClientPid = Number(parts[0]);
        return parts[1];
    }

    /// <summary>Opens a connection that stays.</summary>
    /// <returns>The client's pid.</returns>
    internal async Task<uint> HoldAsync()
    {
        _holder = Start(Holder, _address, Port.ToString(CultureInfo.InvariantCulture));
        return Number(await _holder.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the client did not connect"));
    }

    public void Dispose()
    {
        _holder?.StandardInput.Close();
        _holder?.WaitForExit();
        _holder?.Dispose();
        _server.Kill();
        _server.WaitForExit();
        _server.Dispose();
    }

    private static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);

    private static Process Start(string script, params string[] arguments)
    {
        ProcessStartInfo start = new("python3") { RedirectStandardOutput = true, RedirectStandardInput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(script);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException("python3 is missing: apt-get install python3", e);
        }
    }
}
