using System.Diagnostics;

namespace ECapture.Benchmarks.Capture;

/// <summary>Runs a client to its end.</summary>
internal static class Tool
{
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It is missing or failed; the message holds what it said.</exception>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await errors}{output}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException($"{program} is missing: run `make setup-test`", e);
        }
    }
}
