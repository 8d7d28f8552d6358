using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace ECapture.Tests.Support.Cli;

/// <summary>A command of the program that runs until it is told to end: capture, sink, query, run.</summary>
public sealed class EcaptureService : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _said = new();
    private readonly string _what;

    private EcaptureService(Process process, string what)
    {
        _process = process;
        _what = what;
        process.OutputDataReceived += (_, e) => Say(e.Data);
        process.ErrorDataReceived += (_, e) => Say(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Its process id.</summary>
    public int Pid => _process.Id;

    /// <summary>What it wrote so far.</summary>
    public string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    /// <summary>Starts it; wait with <see cref="WaitForAsync"/>.</summary>
    public static EcaptureService Start(params string[] arguments) => Start(arguments, new Dictionary<string, string>());

    /// <summary>Starts it with more environment variables.</summary>
    public static EcaptureService Start(string[] arguments, IReadOnlyDictionary<string, string> environment, string? startsFor = null) =>
        new(Ecapture.Start(arguments, environment, startsFor: startsFor), "ecapture " + string.Join(' ', arguments));

    /// <summary>Waits until an address answers 200.</summary>
    public async Task WaitForAsync(string url, TimeSpan patience, CancellationToken cancellationToken)
    {
        using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
        await WaitUntilAsync(
            async () =>
            {
                try
                {
                    using HttpResponseMessage response = await http.GetAsync(new Uri(url), cancellationToken);
                    return response.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            url + " answers",
            patience,
            cancellationToken);
    }

    /// <summary>Waits for a condition while the process lives.</summary>
    public async Task WaitUntilAsync(Func<Task<bool>> condition, string what, TimeSpan patience, CancellationToken cancellationToken)
    {
        long end = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        while (!await condition())
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"{_what} ended with {_process.ExitCode} before {what}; it said:\n{Said}");
            }

            if (Environment.TickCount64 > end)
            {
                throw new TimeoutException($"{_what}: not within {patience}: {what}; it said:\n{Said}");
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    /// <summary>Interrupts it as Ctrl-C does.</summary>
    /// <param name="patience">How long it may take; default 30 s. The kernel may take long to take probes off a busy machine.</param>
    /// <returns>Its exit code and how long it took to end.</returns>
    public async Task<(int ExitCode, TimeSpan Took)> InterruptAsync(TimeSpan? patience = null)
    {
        Stopwatch watch = Stopwatch.StartNew();
        using (Process kill = Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        using CancellationTokenSource limit = new(patience ?? TimeSpan.FromSeconds(120));
        await _process.WaitForExitAsync(limit.Token);
        return (_process.ExitCode, watch.Elapsed);
    }

    /// <summary>Kills it without warning.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            try
            {
                await InterruptAsync();
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private void Say(string? line)
    {
        lock (_said)
        {
            _said.AppendLine(line);
        }
    }
}
