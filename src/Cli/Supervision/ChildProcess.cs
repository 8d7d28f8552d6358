using System.Diagnostics;
using System.Globalization;
using ECapture.Cli.Options;

namespace ECapture.Cli.Supervision;

/// <summary>
/// A child of `ecapture run`. Its standard input is a control channel: one instruction a line; its end means "stop". So a child ends when its supervisor
/// dies, however that happens.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    private ChildProcess(string name, Process process)
    {
        Name = name;
        _process = process;
    }

    internal string Name { get; }

    internal int Pid => _process.Id;

    /// <summary>Its standard output, when that is read.</summary>
    internal StreamReader Output => _process.StandardOutput;

    internal int ExitCode => _process.ExitCode;

    /// <summary>Starts this program again with other arguments.</summary>
    /// <param name="name">What it is called in messages.</param>
    /// <param name="account">The user it runs as; null: this process's.</param>
    /// <param name="directory">Its working directory, which that user may enter.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="readOutput">Its standard output is read through <see cref="Output"/>, not shown.</param>
    internal static ChildProcess Start(
        string name, UnixAccount? account, string directory, IEnumerable<string> arguments, bool readOutput = false)
    {
        string[] command = [.. As(account), .. Self(), .. arguments];
        ProcessStartInfo start = new(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = readOutput,
            WorkingDirectory = directory,
        };
        Process process = Process.Start(start) ?? throw new InvalidOperationException($"{name} did not start");
        return new ChildProcess(name, process);
    }

    /// <summary>Makes sure that a user may run this program: every folder above it must let him through.</summary>
    /// <exception cref="UsageException">He may not.</exception>
    internal static async Task CheckReachableAsync(UnixAccount account, CancellationToken cancellationToken)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "ecapture.dll");
        string[] command = [.. As(account), "test", "-r", program];
        ProcessStartInfo start = new(command[0], command.Skip(1)) { WorkingDirectory = "/", RedirectStandardError = true };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("setpriv did not start");
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new UsageException(
                $"run: user {account.Name} cannot reach the program in {AppContext.BaseDirectory}: install it with `make install`, or run everything as root with --user root");
        }
    }

    private static string[] As(UnixAccount? account) => account is null or { Uid: 0 } ? [] :
    [
        "setpriv", "--reuid", account.Name, "--regid", account.Gid.ToString(CultureInfo.InvariantCulture), "--init-groups", "--no-new-privs", "--",
    ];

    /// <summary>Sends an instruction; one that has ended does not matter.</summary>
    internal void Tell(string instruction)
    {
        try
        {
            _process.StandardInput.WriteLine(instruction);
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // The child has just ended; its exit is handled where exits are awaited.
        }
    }

    internal Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Asks it to stop and waits; kills it when it takes longer than <paramref name="patience"/>.</summary>
    /// <returns>False when it had to be killed.</returns>
    internal async Task<bool> StopAsync(TimeSpan patience)
    {
        if (_process.HasExited)
        {
            return true;
        }

        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended while it was asked to.
        }

        using CancellationTokenSource deadline = new(patience);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
            return false;
        }
    }

    public void Dispose() => _process.Dispose();

    // The apphost, or `dotnet ecapture.dll` when started that way.
    private static IEnumerable<string> Self()
    {
        string host = Environment.ProcessPath ?? throw new InvalidOperationException("the program's own path is unknown");
        return Path.GetFileNameWithoutExtension(host) == "dotnet"
            ? [host, Path.Combine(AppContext.BaseDirectory, "ecapture.dll")]
            : [host];
    }
}
