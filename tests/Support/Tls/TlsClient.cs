using System.Diagnostics;

namespace ECapture.Tests.Support.Tls;

/// <summary>Runs real TLS clients that write a key log when SSLKEYLOGFILE asks them to.</summary>
public static class TlsClient
{
    /// <summary>Runs a client to its end.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="input">What it reads from its standard input.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="InvalidOperationException">It is missing, or failed; the message holds what it said.</exception>
    public static async Task<ClientRun> RunAsync(string program, byte[] input, params string[] arguments)
    {
        if (!File.Exists(program))
        {
            throw new InvalidOperationException($"{program} is missing: run `make setup-test`");
        }

        string keyLog = Path.GetTempFileName();
        try
        {
            ProcessStartInfo start = new(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["SSLKEYLOGFILE"] = keyLog;
            Stopwatch watch = Stopwatch.StartNew();
            using Process client = Process.Start(start)!;
            Task<string> errors = client.StandardError.ReadToEndAsync();
            await client.StandardInput.BaseStream.WriteAsync(input);
            client.StandardInput.Close();
            using MemoryStream output = new();
            await client.StandardOutput.BaseStream.CopyToAsync(output);
            await client.WaitForExitAsync();
            return client.ExitCode == 0
                ? new ClientRun((uint)client.Id, output.ToArray(), KeyLog.Read(keyLog), watch.Elapsed)
                : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {client.ExitCode}: {await errors}");
        }
        finally
        {
            File.Delete(keyLog);
        }
    }
}
