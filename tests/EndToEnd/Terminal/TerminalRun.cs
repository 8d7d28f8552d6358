using System.Diagnostics;
using System.Globalization;
using System.Text;
using ECapture.Tests.Support.Cli;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary>A terminal command as a user runs it, its two outputs apart.</summary>
public sealed class TerminalRun : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly Task _reading;
    private readonly string _what;

    private TerminalRun(Process process, string what)
    {
        _process = process;
        _what = what;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput, _output), ReadAsync(process.StandardError, _errors));
    }

    public int Pid => _process.Id;

    /// <summary>Standard output so far.</summary>
    public string Output => Read(_output);

    /// <summary>Standard error so far.</summary>
    public string Errors => Read(_errors);

    /// <summary>Blocks of text mode so far.</summary>
    public IReadOnlyList<string> Blocks => Output.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Starts a command and waits until it captures.</summary>
    public static Task<TerminalRun> StartAsync(params string[] arguments) => StartAsync(arguments, new Dictionary<string, string>());

    /// <summary>Starts a command with more environment variables and waits until it captures.</summary>
    public static async Task<TerminalRun> StartAsync(string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new InvalidOperationException("end-to-end tests attach eBPF programs: run them as root");
        }

        TerminalRun run = new(Ecapture.Start(arguments, environment), "ecapture " + string.Join(' ', arguments));
        try
        {
            await run.WaitUntilAsync(() => run.Errors.Contains("Ctrl-C ends it", StringComparison.Ordinal), "the command captures");
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the kernel says of the BPF links that the process holds: what is attached, to whom (proc_pid_fdinfo(5)).</summary>
    public IReadOnlyList<string> LinkInfo() =>
    [
        .. Directory.EnumerateFiles($"/proc/{Pid}/fdinfo").Select(ReadIfThere).Where(i => i.Contains("\nlink_type:", StringComparison.Ordinal)),
    ];

    /// <summary>Waits until standard output holds a text.</summary>
    public Task WaitForOutputAsync(string text) => WaitUntilAsync(() => Output.Contains(text, StringComparison.Ordinal), $"output \"{text}\"");

    /// <summary>Waits for a block of text mode that holds every one of the parts.</summary>
    public async Task<string> WaitForBlockAsync(params string[] parts)
    {
        string? Found() => Blocks.FirstOrDefault(b => parts.All(p => b.Contains(p, StringComparison.Ordinal)));
        await WaitUntilAsync(() => Found() is not null, $"a block with \"{string.Join(" … ", parts)}\"");
        return Found()!;
    }

    /// <summary>Waits for a condition while the process lives.</summary>
    public async Task WaitUntilAsync(Func<bool> condition, string what)
    {
        long end = Environment.TickCount64 + (long)s_patience.TotalMilliseconds;
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        while (!condition())
        {
            if (_process.HasExited || Environment.TickCount64 > end)
            {
                string how = _process.HasExited ? $"ended with {_process.ExitCode} before" : "did not come to";
                throw new TimeoutException($"{_what} {how}: {what}\nstandard output:\n{Tail(Output)}\nstandard error:\n{Tail(Errors)}");
            }

            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Sends it a signal and waits for its end.</summary>
    /// <returns>Its exit code; everything it wrote is there then.</returns>
    public async Task<int> StopAsync(string signal = "INT")
    {
        if (!_process.HasExited)
        {
            using Process kill = Process.Start("kill", ["-" + signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }

        using CancellationTokenSource patience = new(s_patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
            await _reading.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            throw new TimeoutException($"{_what} did not end within {s_patience}; standard error:\n{Errors}");
        }

        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
    }

    private static string ReadIfThere(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return ""; // closed meanwhile
        }
    }

    private static string Tail(string text) => text.Length > 6000 ? "…" + text[^6000..] : text;

    private static async Task ReadAsync(StreamReader reader, StringBuilder into)
    {
        char[] buffer = new char[16 * 1024];
        int count;
        while ((count = await reader.ReadAsync(buffer)) > 0)
        {
            lock (into)
            {
                into.Append(buffer, 0, count);
            }
        }
    }

    private static string Read(StringBuilder from)
    {
        lock (from)
        {
            return from.ToString();
        }
    }
}
