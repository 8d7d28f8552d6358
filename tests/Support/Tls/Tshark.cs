using System.Diagnostics;
using System.Globalization;

namespace ECapture.Tests.Support.Tls;

/// <summary>tshark, the judge of every pcapng file.</summary>
public static class Tshark
{
    /// <summary>What tshark decrypts from a file with nothing but the secrets in it: request lines of HTTP/1 and HTTP/2, a line each.</summary>
    public static async Task<string> DecryptedAsync(string file, int tlsPort, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new(
            "tshark",
            [
                "-r", file, "-d", string.Create(CultureInfo.InvariantCulture, $"tcp.port=={tlsPort},tls"), "-Y", "http.request or http2.headers.path",
                "-T", "fields", "-e", "http.request.method", "-e", "http.request.uri", "-e", "http2.headers.method", "-e", "http2.headers.path",
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process process = Process.Start(start) ?? throw new InvalidOperationException("tshark did not start");
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
            string output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? output : throw new InvalidOperationException($"tshark refused {file}: {await errors}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException("tshark is missing: run `make setup-test`, or: apt-get install tshark", e);
        }
    }
}
