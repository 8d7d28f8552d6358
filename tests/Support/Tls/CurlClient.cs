using System.Diagnostics;

namespace ECapture.Tests.Support.Tls;

/// <summary>Runs the real curl, a process per request.</summary>
public static class CurlClient
{
    /// <summary>Runs curl quietly and lets it write its key log.</summary>
    /// <param name="certificatePath">Whom it trusts.</param>
    /// <param name="arguments">Options and URL.</param>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it said.</exception>
    public static async Task<CurlRun> RunAsync(string certificatePath, params string[] arguments)
    {
        string keyLog = Path.GetTempFileName();
        try
        {
            ProcessStartInfo start = new("/usr/bin/curl", ["-sS", "--fail", "--cacert", certificatePath, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["SSLKEYLOGFILE"] = keyLog;
            Stopwatch watch = Stopwatch.StartNew();
            using Process curl = Process.Start(start)!;
            Task<string> errors = curl.StandardError.ReadToEndAsync();
            using MemoryStream output = new();
            await curl.StandardOutput.BaseStream.CopyToAsync(output);
            await curl.WaitForExitAsync();
            return curl.ExitCode == 0
                ? new CurlRun((uint)curl.Id, output.ToArray(), KeyLog.Read(keyLog), watch.Elapsed)
                : throw new InvalidOperationException($"curl {string.Join(' ', arguments)} ended with {curl.ExitCode}: {await errors}");
        }
        finally
        {
            File.Delete(keyLog);
        }
    }
}
