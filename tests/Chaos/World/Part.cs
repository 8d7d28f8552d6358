using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ECapture.Tests.Chaos.World;

/// <summary>
/// A program of the pipeline that is killed, frozen and started again. One that ends by itself while it should run is started again, as a service manager does, and
/// that is told.
/// </summary>
internal sealed partial class Part : IAsyncDisposable
{
    private static readonly TimeSpan s_again = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(90);

    private readonly Lock _gate = new();

    // Faults overlap: what one ends has ended before another starts it again, else there would be two of it.
    private readonly SemaphoreSlim _order = new(1);
    private readonly string _program;
    private readonly string[] _arguments;
    private readonly StreamWriter _log;
    private readonly Action<string> _tell;
    private readonly Action<string>? _onLine;
    private Process? _process;
    private Task _watch = Task.CompletedTask;
    private bool _isWanted;
    private bool _isFrozen;
    private string _lastLine = "";
    private bool _works;

    public Part(string name, string program, string[] arguments, string folder, Action<string> tell, Action<string>? onLine = null)
    {
        Name = name;
        _program = program;
        _arguments = arguments;
        _log = new StreamWriter(Path.Combine(folder, name + ".log")) { AutoFlush = true };
        _tell = tell;
        _onLine = onLine;
    }

    public string Name { get; }

    /// <summary>How often it ended by itself.</summary>
    public int SelfEnds { get; private set; }

    /// <summary>What it said when it ended although it had been running well, or crashed: a fault of the program.</summary>
    public List<string> Faults { get; } = [];

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Last batches that were run again by a sink that took a partition over.</summary>
    public int Replays { get; private set; }

    /// <summary>Batches that a sink gave up because another had settled them.</summary>
    public int Superseded { get; private set; }

    /// <summary>Blocks and plans whose token was kept and whose rows were not: the engine was killed between the two.</summary>
    public int Repairs { get; private set; }

    public void Start()
    {
        _order.Wait();
        try
        {
            lock (_gate)
            {
                if (!_isWanted)
                {
                    _isWanted = true;
                    Launch();
                }
            }
        }
        finally
        {
            _order.Release();
        }
    }

    public void Send(string line)
    {
        lock (_gate)
        {
            try
            {
                if (_process is not null)
                {
                    _process.StandardInput.Write(line + "\n");
                    _process.StandardInput.Flush();
                    return;
                }
            }
            catch (IOException)
            {
                // Said below.
            }

            _tell($"{Name} does not hear '{line}': it has just ended");
        }
    }

    /// <summary>It has begun its work: from now on it must not end by itself.</summary>
    public void Works() => _works = true;

    public void Freeze()
    {
        _isFrozen = true;
        Signal(19);
    }

    public void Thaw()
    {
        _isFrozen = false;
        Signal(18);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        await _order.WaitAsync();
        try
        {
            await EndAsync();
        }
        finally
        {
            _order.Release();
        }
    }

    /// <summary>Asks it to end: SIGTERM, and the end of its input.</summary>
    /// <returns>The exit code; null when it had to be killed.</returns>
    public async Task<int?> StopAsync()
    {
        await _order.WaitAsync();
        try
        {
            return await AskAsync();
        }
        finally
        {
            _order.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await _log.DisposeAsync();
        _order.Dispose();
    }

    private async Task EndAsync()
    {
        Process? process = Unwanted();
        if (process is not null)
        {
            Signal(9);
            await process.WaitForExitAsync();
        }

        await _watch;
    }

    private async Task<int?> AskAsync()
    {
        Process? process = Unwanted();
        if (process is null or { HasExited: true })
        {
            await _watch;
            return 0;
        }

        if (_isFrozen)
        {
            Thaw();
        }

        Signal(15);
        using CancellationTokenSource grace = new(s_grace);
        try
        {
            await process.WaitForExitAsync(grace.Token);
        }
        catch (OperationCanceledException)
        {
            await EndAsync();
            return null;
        }

        await _watch;
        return process.ExitCode;
    }

    private Process? Unwanted()
    {
        lock (_gate)
        {
            _isWanted = false;
            return _process;
        }
    }

    private void Launch()
    {
        ProcessStartInfo start = new(_program, _arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        Process process = Process.Start(start) ?? throw new InvalidOperationException($"{_program} did not start");
        _process = process;
        _isFrozen = false;
        _works = false;
        Keep($"---- started: process {process.Id}");
        process.OutputDataReceived += (_, e) => OnLine(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _watch = WatchAsync(process);
    }

    private async Task WatchAsync(Process process)
    {
        await process.WaitForExitAsync(); // its output has been read by then
        Keep($"---- ended: {process.ExitCode}");
        while (true)
        {
            lock (_gate)
            {
                if (!_isWanted)
                {
                    return;
                }

                if (process == _process)
                {
                    SelfEnds++;
                    _process = null;
                    // What it needs may be away when it starts: that it says so and ends is right, and a service manager starts it again.
                    bool isFault = process.ExitCode != 2 || _works;
                    string what = $"{Name} ended by itself with {process.ExitCode}: {_lastLine}";
                    _tell(what);
                    if (isFault)
                    {
                        Faults.Add(what);
                    }
                }
            }

            await Task.Delay(s_again);
            lock (_gate)
            {
                if (_isWanted)
                {
                    Launch();
                }

                return;
            }
        }
    }

    private void OnLine(string? line)
    {
        if (line is not null)
        {
            _onLine?.Invoke(line);
            if (_onLine is null)
            {
                Keep(line);
            }
        }
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            lock (_log)
            {
                _log.WriteLine(line);
                _lastLine = line.StartsWith("----", StringComparison.Ordinal) ? _lastLine : line;
                Replays += line.Contains(", runs again", StringComparison.Ordinal) ? 1 : 0;
                Superseded += line.Contains("another sink is at work", StringComparison.Ordinal) ? 1 : 0;
                Repairs += line.Contains("although its token is", StringComparison.Ordinal) || line.Contains("was lost by the store", StringComparison.Ordinal) ? 1 : 0;
                _works |= line.Contains("SinkWorker:", StringComparison.Ordinal);
            }
        }
    }

    private void Signal(int signal)
    {
        lock (_gate)
        {
            if (_process is { HasExited: false } process)
            {
                _ = Kill(process.Id, signal); // it may have ended just now
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
