using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;

namespace ECapture.Tests.Support.Log;

/// <summary>The program LogPeer as a child process; it ends when its input closes, so also when the test dies.</summary>
public sealed class LogPeer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    private LogPeer(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>Starts it as this user.</summary>
    public static LogPeer Start(params string[] arguments) => Start(Path.Combine(AppContext.BaseDirectory, "LogPeer"), arguments);

    /// <summary>Starts it as another user; needs root. The program is copied to where that user can read it.</summary>
    public static LogPeer StartAs(int user, int group, string folder, params string[] arguments)
    {
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory).Where(f => !Path.GetFileName(f).StartsWith("xunit", StringComparison.Ordinal)))
        {
            string copy = Path.Combine(folder, Path.GetFileName(file));
            File.Copy(file, copy, overwrite: true);
            File.SetUnixFileMode(copy, (UnixFileMode)0b111_101_101);
        }

        return Start("setpriv", [
            string.Create(CultureInfo.InvariantCulture, $"--reuid={user}"),
            string.Create(CultureInfo.InvariantCulture, $"--regid={group}"),
            "--clear-groups", "--", Path.Combine(folder, "LogPeer"), .. arguments]);
    }

    public void Send(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Waits for a line that begins so; lines before it are given to <paramref name="others"/>.</summary>
    public async Task<string> LineAsync(string prefix, Action<string>? others = null)
    {
        using CancellationTokenSource patience = new(Patience);
        List<string> seen = [];
        try
        {
            await foreach (string line in _lines.Reader.ReadAllAsync(patience.Token))
            {
                if (line.StartsWith(prefix, StringComparison.Ordinal))
                {
                    return line;
                }

                seen.Add(line);
                others?.Invoke(line);
            }
        }
        catch (OperationCanceledException)
        {
            // Said below, with what came instead.
        }

        throw new InvalidOperationException($"LogPeer never said '{prefix}', but: {string.Join(" | ", seen.TakeLast(20))}");
    }

    /// <summary>kill -9; returns every line that it had said.</summary>
    public async Task<List<string>> KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        List<string> rest = [];
        await foreach (string line in _lines.Reader.ReadAllAsync())
        {
            rest.Add(line);
        }

        return rest;
    }

    /// <summary>Sends a signal by the name that kill(1) knows.</summary>
    public async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", ["-" + signal, Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static LogPeer Start(string program, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        LogPeer peer = new(process);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                peer._lines.Writer.Complete();
            }
            else
            {
                peer._lines.Writer.TryWrite(line.Data);
            }
        };
        process.BeginOutputReadLine();
        return peer;
    }
}
