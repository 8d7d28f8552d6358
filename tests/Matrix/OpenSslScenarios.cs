namespace ECapture.Tests.Matrix;

/// <summary>openssl s_server and s_client of every suite: full and resumed sessions, early data, both sides. s_server reads and writes through BIO_f_ssl.</summary>
internal static class OpenSslScenarios
{
    private static readonly (string Tree, string Program)[] s_versions =
        [("bullseye", "OpenSSL 1.1.1"), ("bookworm", "OpenSSL 3.0"), ("trixie", "OpenSSL 3.5"), ("sid", "OpenSSL 3.6"), ("openssl4", "OpenSSL 4.0")];

    // They have no function that secrets pass through.
    private static readonly (string Tree, string Program)[] s_old = [("openssl1.0.2", "OpenSSL 1.0.2"), ("openssl1.1.0", "OpenSSL 1.1.0")];

    internal static IEnumerable<Scenario> All(Trees trees)
    {
        foreach ((string tree, string program) in s_old)
        {
            const string Mode = "TLS 1.2, secrets said to be unsupported";
            yield return new Scenario("tls", program, Mode, async stop => await RunAsync(await trees.GetAsync(tree, stop), program, Mode, "1.2", false, stop, hasSecrets: false));
        }

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

            const string Early = "TLS 1.3, 0-RTT";
            yield return new Scenario("tls", program, Early, async stop => await RunEarlyAsync(await trees.GetAsync(tree, stop), program, Early, stop));
        }
    }

    // A server that reads its input: for ever from a pipe that nobody writes. It does not answer.
    private static async Task<IReadOnlyList<Cell>> RunEarlyAsync(Tree tree, string program, string mode, CancellationToken stop)
    {
        DirectoryInfo folder = tree.CreateFolder();
        try
        {
            Support.Tls.TestCertificate certificate = Support.Tls.TestCertificate.Create(folder.FullName);
            string inside = tree.Inside(folder.FullName);
            TlsPair pair = new(
                "tls", program, mode,
                port => tree.Start(
                    "/usr/bin/bash", "-c", $"mkfifo {inside}/input; exec /usr/bin/openssl s_server -accept {port} -cert {inside}/cert.pem -key {inside}/key.pem -tls1_3 -early_data <>{inside}/input"),
                async (port, request) =>
                {
                    await File.WriteAllTextAsync(Path.Combine(folder.FullName, "request"), request, stop);
                    string client = $"/usr/bin/openssl s_client -connect 127.0.0.1:{port} -tls1_3";
                    await tree.RunAsync("", stop, "/usr/bin/bash", "-c", $"(sleep 1; echo Q) | {client} -sess_out {inside}/session"); // a ticket comes behind the handshake
                    return await tree.RunAsync("", stop, ["/usr/bin/bash", "-c", $"exec {client} -sess_in {inside}/session -early_data {inside}/request"]);
                })
            {
                IsAnswered = false,
                Check = ran => ran.Output.Contains("Early data was accepted", StringComparison.Ordinal) ? null : $"early data was not accepted: {ran.Errors.TrimEnd().Split('\n')[^1]}",
            };
            return await pair.RunAsync(stop);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<IReadOnlyList<Cell>> RunAsync(
        Tree tree, string program, string mode, string version, bool isResumed, CancellationToken stop, bool hasSecrets = true)
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
                HasSecrets = hasSecrets,
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
