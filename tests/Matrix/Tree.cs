using System.Diagnostics;
using ECapture.Tests.Support;

namespace ECapture.Tests.Matrix;

/// <summary>Programs of another Debian suite, unpacked into a folder and run there by chroot in a mount namespace of their own.</summary>
/// <param name="Folder">Its root.</param>
internal sealed record Tree(string Folder)
{
    // Private mounts end with the process: nothing is left mounted.
    private const string Enter = """
        mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec chroot "$0" "$@"
        """;

    /// <summary>A folder inside that both sides can use: its name outside.</summary>
    internal DirectoryInfo CreateFolder() => Directory.CreateDirectory(Path.Combine(Folder, "tmp", "ecapture-" + Guid.NewGuid().ToString("n")[..12]));

    /// <summary>The name inside of a path outside.</summary>
    internal string Inside(string path) => "/" + Path.GetRelativePath(Folder, path);

    /// <summary>Program and arguments that start a program inside; the process keeps its id.</summary>
    internal (string File, IReadOnlyList<string> Arguments) Command(params IEnumerable<string> command) =>
        ("unshare", ["--mount", "--propagation", "private", "sh", "-c", Enter, Folder, .. command]);

    /// <summary>Starts a server.</summary>
    internal ServerProcess Start(params IEnumerable<string> command)
    {
        (string file, IReadOnlyList<string> arguments) = Command(command);
        return ServerProcess.Start(file, arguments);
    }

    /// <summary>Runs a program to its end.</summary>
    internal Task<Ran> RunAsync(string input, CancellationToken cancellationToken, params IEnumerable<string> command)
    {
        (string file, IReadOnlyList<string> arguments) = Command(command);
        return Ran.RunAsync(file, arguments, input, cancellationToken);
    }

    /// <summary>Runs a program that must end well.</summary>
    /// <exception cref="InvalidOperationException">It did not.</exception>
    internal async Task<Ran> MustAsync(CancellationToken cancellationToken, params IEnumerable<string> command)
    {
        Ran ran = await RunAsync("", cancellationToken, command);
        return ran.ExitCode == 0 ? ran : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {ran.ExitCode}: {ran.Output}{ran.Errors}");
    }
}

/// <summary>A program that ran to its end.</summary>
internal sealed record Ran(uint Pid, int ExitCode, string Output, string Errors)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    /// <summary>Runs it, at most two minutes.</summary>
    internal static async Task<Ran> RunAsync(
        string file, IEnumerable<string> arguments, string input, CancellationToken cancellationToken, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_patience);
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return new Ran((uint)process.Id, process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
