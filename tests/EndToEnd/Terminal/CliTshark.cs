using System.Diagnostics;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary>tshark with arguments of one's own.</summary>
internal static class CliTshark
{
    internal static async Task<string> RunAsync(string[] arguments)
    {
        ProcessStartInfo start = new("tshark", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("tshark did not start");
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"tshark {string.Join(' ', arguments)}: {await errors}");
    }
}
