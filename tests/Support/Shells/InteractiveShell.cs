using System.Diagnostics;
using System.Text;

namespace ECapture.Tests.Support.Shells;

/// <summary>A shell that a person sits at: on a pseudo-terminal of its own, made by <c>script</c>.</summary>
public abstract class InteractiveShell : IAsyncDisposable
{
    private protected const string Prompt = "<ready>";
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Lock _lock = new();
    private readonly Task _reading;
    private TaskCompletionSource _more = NewSource();
    private int _prompts;

    private protected InteractiveShell(Process process)
    {
        _process = process;
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>Everything on its screen so far.</summary>
    public string Output
    {
        get
        {
            lock (_lock)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts a command on a terminal of its own.</summary>
    private protected static Process Start(string command, string directory, string terminal)
    {
        ProcessStartInfo start = new("script", ["-qfec", command, "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = directory,
        };
        start.Environment["PS1"] = Prompt;
        start.Environment["PS2"] = Prompt;
        start.Environment["HISTFILE"] = "";
        start.Environment["SHELL"] = "/bin/sh";
        start.Environment["TERM"] = terminal;
        return Process.Start(start)!;
    }

    /// <summary>Waits for the first prompt.</summary>
    private protected Task WaitAsync() => WaitAsync(1);

    /// <summary>Types a line and waits for the next prompt.</summary>
    public async Task TypeAsync(string line)
    {
        int prompts = Count();
        await SendAsync(line);
        await WaitAsync(prompts + 1);
    }

    /// <summary>Types a line that ends the shell.</summary>
    public async Task TypeLastAsync(string line)
    {
        await SendAsync(line);
        await _process.WaitForExitAsync().WaitAsync(s_timeout);
        await _reading;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        await _reading;
        _process.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task SendAsync(string line)
    {
        await _process.StandardInput.WriteAsync(line + "\r");
        await _process.StandardInput.FlushAsync();
    }

    private async Task ReadAsync()
    {
        char[] buffer = new char[4096];
        while (await _process.StandardOutput.ReadAsync(buffer) is > 0 and int count)
        {
            TaskCompletionSource more;
            lock (_lock)
            {
                _output.Append(buffer, 0, count);
                _prompts = Occurrences(_output.ToString());
                more = _more;
                _more = NewSource();
            }

            more.SetResult();
        }
    }

    private int Count()
    {
        lock (_lock)
        {
            return _prompts;
        }
    }

    private async Task WaitAsync(int prompts)
    {
        using CancellationTokenSource limit = new(s_timeout);
        while (true)
        {
            Task more;
            lock (_lock)
            {
                if (_prompts >= prompts)
                {
                    return;
                }

                more = _more.Task;
            }

            try
            {
                await more.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"no prompt within {s_timeout.TotalSeconds} s; the screen shows: {Output}");
            }
        }
    }

    private static int Occurrences(string text)
    {
        int count = 0;
        for (int at = text.IndexOf(Prompt, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Prompt, at + 1, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
