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
        ClientRun run = await TlsClient.RunAsync("/usr/bin/curl", [], ["-sS", "--fail", "--cacert", certificatePath, .. arguments]);
        return new CurlRun(run.Pid, run.Output, run.KeyLog, run.Elapsed);
    }
}
