using System.Diagnostics;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>A program that a test talks to by lines.</summary>
internal sealed class ScriptProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private ScriptProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    internal uint Pid => (uint)_process.Id;

    /// <summary>Runs a Python script.</summary>
    internal static ScriptProcess Python(string script, IEnumerable<string> arguments, params (string Name, string Value)[] environment) =>
        Start("/usr/bin/python3", ["-u", "-c", script, .. arguments], environment);

    internal static ScriptProcess Start(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ScriptProcess(Process.Start(start)!);
    }

    internal void WriteLine(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Waits for the next line it prints.</summary>
    internal async Task<string> ReadLineAsync(TimeSpan? patience = null)
    {
        string? line = await _process.StandardOutput.ReadLineAsync().WaitAsync(patience ?? TimeSpan.FromSeconds(60));
        return line ?? throw new InvalidOperationException($"{_process.StartInfo.FileName} ended: {await _errors}");
    }

    /// <summary>Waits for a line that holds a text; those before it are left out.</summary>
    internal async Task WaitForLineAsync(string text)
    {
        while (!(await ReadLineAsync()).Contains(text, StringComparison.Ordinal))
        {
        }
    }

    /// <summary>Waits until it ends well.</summary>
    internal async Task WaitForExitAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        if (_process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{_process.StartInfo.FileName} ended with {_process.ExitCode}: {await _errors}");
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
