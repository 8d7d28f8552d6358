using System.Diagnostics;
using System.Text;

namespace ECapture.Tests.Support.Cli;

/// <summary>The built program, run as a user runs it: a process of its own.</summary>
public static class Ecapture
{
    /// <summary>Path of the program beside the tests.</summary>
    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "ecapture");

    /// <summary>Runs it to its end.</summary>
    public static Task<Outcome> RunAsync(params string[] arguments) => RunAsync(arguments, new Dictionary<string, string>());

    /// <summary>Runs it to its end with more environment variables.</summary>
    public static async Task<Outcome> RunAsync(
        string[] arguments, IReadOnlyDictionary<string, string> environment, string? user = null, string? startsFor = null)
    {
        using Process process = Start(arguments, environment, user, startsFor);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"ecapture {string.Join(' ', arguments)} did not end within 60 s; it said: {await errors}");
        }

        return new Outcome(process.ExitCode, await output, await errors);
    }

    /// <summary>Starts it; the caller reads its output and ends it.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">More variables.</param>
    /// <param name="user">Runs it as this user.</param>
    /// <param name="startsFor">It starts itself as this user, who must be able to reach it.</param>
    public static Process Start(
        string[] arguments, IReadOnlyDictionary<string, string> environment, string? user = null, string? startsFor = null)
    {
        string[] command = user is null
            ? [startsFor is null ? Path : ReachableProgram.For(startsFor), .. arguments]
            : ["setpriv", "--reuid", user, "--clear-groups", "--", ReachableProgram.For(user), .. arguments];
        ProcessStartInfo start = new(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException("ecapture did not start");
    }
}

/// <summary>How a run of the program ended.</summary>
public sealed record Outcome(int ExitCode, string Output, string Errors)
{
    /// <summary>Lines of standard error that are not empty.</summary>
    public string[] ErrorLines => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
