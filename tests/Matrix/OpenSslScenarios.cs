namespace ECapture.Tests.Matrix;

/// <summary>openssl s_server and s_client of every suite: full and resumed sessions, both sides. s_server reads and writes through BIO_f_ssl.</summary>
internal static class OpenSslScenarios
{
    private static readonly (string Tree, string Program)[] s_versions =
        [("bullseye", "OpenSSL 1.1.1"), ("bookworm", "OpenSSL 3.0"), ("trixie", "OpenSSL 3.5"), ("sid", "OpenSSL 3.6"), ("openssl4", "OpenSSL 4.0")];

    internal static IEnumerable<Scenario> All(Trees trees)
    {
        foreach ((string tree, string program) in s_versions)
        {
            foreach (string version in (string[])["1.2", "1.3"])
            {
                foreach (bool isResumed in (bool[])[false, true])
                {
                    string mode = $"TLS {version}{(isResumed ? ", resumed" : "")}";
                    yield return new Scenario("tls", program, mode, async stop => await RunAsync(await trees.GetAsync(tree, stop), program, mode, version, isResumed, stop));
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
            string tls = version == "1.2" ? "-tls1_2" : "-tls1_3";
            string session = tree.Inside(folder.FullName) + "/session";
            TlsPair pair = new(
                "tls", program, mode,
                port => tree.Start(
                    "/usr/bin/openssl", "s_server", "-accept", $"{port}", "-cert", tree.Inside(certificate.CertificatePath), "-key", tree.Inside(certificate.KeyPath),
                    tls, "-www"),
                async (port, request) =>
                {
                    string[] client = ["/usr/bin/openssl", "s_client", "-connect", $"127.0.0.1:{port}", tls, "-ign_eof"];
                    if (isResumed)
                    {
                        await tree.RunAsync(request, stop, [.. client, "-sess_out", session]);
                    }

                    return await tree.RunAsync(request, stop, isResumed ? [.. client, "-sess_in", session] : client);
                })
            {
                AtServer = isResumed ? 2 : 1,
                Check = ran => isResumed == ran.Output.Contains("Reused, ", StringComparison.Ordinal)
                    ? null
                    : $"the session was {(isResumed ? "not " : "")}resumed: {ran.Errors.TrimEnd().Split('\n')[^1]}",
            };
            return await pair.RunAsync(stop);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
