namespace ECapture.Tests.Matrix;

/// <summary>gnutls-serv and gnutls-cli of every suite. A resuming client asks in its second session.</summary>
internal static class GnuTlsScenarios
{
    private static readonly (string Tree, string Program)[] s_versions =
        [("bullseye", "GnuTLS 3.7.1"), ("bookworm", "GnuTLS 3.7.9"), ("trixie", "GnuTLS 3.8.9"), ("sid", "GnuTLS 3.8.13")];

    internal static IEnumerable<Scenario> All(Trees trees)
    {
        foreach ((string tree, string program) in s_versions)
        {
            foreach (string version in (string[])["1.2", "1.3"])
            {
                foreach (bool isResumed in (bool[])[false, true])
                {
                    string mode = $"TLS {version}{(isResumed ? ", resumed" : "")}";
                    yield return new Scenario("gnutls", program, mode, async stop => await RunAsync(await trees.GetAsync(tree, stop), program, mode, version, isResumed, stop));
                }
            }
        }
    }

    private static async Task<IReadOnlyList<Cell>> RunAsync(Tree tree, string program, string mode, string version, bool isResumed, CancellationToken stop)
    {
        DirectoryInfo folder = tree.CreateFolder();
        try
        {
            Support.Tls.TestCertificate certificate = Support.Tls.TestCertificate.Create(folder.FullName);
            string priority = $"NORMAL:-VERS-ALL:+VERS-TLS{version}";
            TlsPair pair = new(
                "gnutls", program, mode,
                port => tree.Start(
                    "/usr/bin/gnutls-serv", "--http", "--disable-client-cert", "--port", $"{port}", "--priority", priority,
                    "--x509certfile", tree.Inside(certificate.CertificatePath), "--x509keyfile", tree.Inside(certificate.KeyPath)),
                (port, request) => tree.RunAsync(
                    request, stop,
                    ["/usr/bin/gnutls-cli", .. isResumed ? (string[])["--resume"] : [], "--port", $"{port}", "--insecure", "--priority", priority, "127.0.0.1"]))
            {
                Check = ran => !isResumed || ran.Output.Contains("This is a resumed session", StringComparison.Ordinal)
                    ? null
                    : "the session was not resumed: " + ran.Errors.TrimEnd().Split('\n')[^1],
            };
            return await pair.RunAsync(stop);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
