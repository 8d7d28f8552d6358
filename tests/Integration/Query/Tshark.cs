using System.Diagnostics;

namespace ECapture.Tests.Integration.Querying;

/// <summary>Wireshark's own tools as the judges of files.</summary>
internal static class Tshark
{
    /// <summary>One line per packet, fields separated by <c>|</c>.</summary>
    public static Task<string[]> FieldsAsync(string file, string? filter, params string[] fields) => LinesAsync(
        "tshark",
        [
            "-r", file, "-o", "tls.keylog_file:", .. filter is null ? Array.Empty<string>() : ["-Y", filter], "-T", "fields", "-E", "separator=|", "-E", "aggregator=;",
            .. fields.SelectMany(f => (string[])["-e", f]),
        ]);

    public static async Task<string[]> LinesAsync(string program, string[] arguments) =>
        (await RunAsync(program, arguments)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static async Task<string> RunAsync(string program, string[] arguments)
    {
        if (!File.Exists("/usr/bin/" + program))
        {
            throw new InvalidOperationException($"{program} is missing; run `make setup` or: apt-get install tshark openssl python3");
        }

        using var process = new Process { StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true } };
        process.Start();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {await errors}");
    }
}
