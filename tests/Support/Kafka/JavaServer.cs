using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace ECapture.Tests.Support.Kafka;

/// <summary>A Java server as a child process that also ends when this process is killed.</summary>
internal sealed partial class JavaServer : IAsyncDisposable
{
    // The shell waits on the pipe that this process holds open: when it closes, the server goes too.
    private const string Guard = """
        "$@" </dev/null 2>&1 &
        child=$!
        echo "pid $child"
        exec >/dev/null 2>&1
        read line
        kill -9 $child
        wait $child
        """;

    private readonly Process _guard;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _readyLine;
    private readonly string _name;
    private int _pid;

    private JavaServer(Process guard, string name, string readyLine)
    {
        _guard = guard;
        _name = name;
        _readyLine = readyLine;
    }

    /// <summary>The server's process.</summary>
    public int Id => _pid;

    /// <summary>True when the server's process has ended.</summary>
    public bool HasEnded => _ended.Task.IsCompleted;

    /// <summary>Sends a signal to the server's process.</summary>
    public void Signal(int signal)
    {
        if (!HasEnded && _pid != 0)
        {
            _ = Kill(_pid, signal); // it may have ended just now
        }
    }

    public static JavaServer Start(string name, string readyLine, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = new("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string argument in (string[])["-c", Guard, "guard", "java", .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        Process process = Process.Start(start) ?? throw new InvalidOperationException("/bin/sh did not start");
        JavaServer server = new(process, name, readyLine);
        process.OutputDataReceived += (_, line) => server.OnLine(line.Data);
        process.BeginOutputReadLine();
        return server;
    }

    /// <summary>Waits for the line that says the server is ready.</summary>
    /// <returns>False when the server ended instead.</returns>
    public async Task<bool> WaitUntilReadyAsync(TimeSpan limit)
    {
        Task first = await Task.WhenAny(_ready.Task, _ended.Task, Task.Delay(limit));
        return first == _ready.Task || (first == _ended.Task
            ? false
            : throw new TimeoutException($"{_name} was not ready after {limit.TotalSeconds} s: {Output()}"));
    }

    /// <summary>What the server said last.</summary>
    public string Output()
    {
        lock (_output)
        {
            return _output.ToString(Math.Max(0, _output.Length - 4000), Math.Min(4000, _output.Length));
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (!HasEnded && _pid != 0)
        {
            using Process server = Process.GetProcessById(_pid);
            server.Kill();
        }

        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _guard.Dispose();
    }

    private void OnLine(string? line)
    {
        if (line is null)
        {
            _ended.TrySetResult();
            return;
        }

        if (_pid == 0 && line.StartsWith("pid ", StringComparison.Ordinal))
        {
            _pid = int.Parse(line.AsSpan(4), CultureInfo.InvariantCulture);
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (line.Contains(_readyLine, StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
