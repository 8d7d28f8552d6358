using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.Matrix;

/// <summary>Connections that are older than the agent, of every build: openssl s_server -rev and s_client, gnutls-serv --echo and gnutls-cli.</summary>
internal static class EarlierScenarios
{
    private static readonly (string Tree, string Program)[] s_openSsl =
        [("bullseye", "OpenSSL 1.1.1"), ("bookworm", "OpenSSL 3.0"), ("trixie", "OpenSSL 3.5"), ("sid", "OpenSSL 3.6"), ("openssl4", "OpenSSL 4.0")];

    private static readonly (string Tree, string Program)[] s_gnuTls =
        [("bullseye", "GnuTLS 3.7.1"), ("bookworm", "GnuTLS 3.7.9"), ("trixie", "GnuTLS 3.8.9"), ("sid", "GnuTLS 3.8.13")];

    internal static IEnumerable<Scenario> All(Trees trees)
    {
        foreach (string version in (string[])["1.2", "1.3"])
        {
            string mode = $"TLS {version}, before the agent";
            foreach ((string tree, string program) in s_openSsl)
            {
                yield return new Scenario("tls", program, mode, stop => RunAsync(trees, tree, (t, certificate) => OpenSsl(t, certificate, program, mode, version), stop));
            }

            foreach ((string tree, string program) in s_gnuTls)
            {
                yield return new Scenario("gnutls", program, mode, stop => RunAsync(trees, tree, (t, certificate) => GnuTls(t, certificate, program, mode, version), stop));
            }
        }
    }

    private static async Task<IReadOnlyList<Cell>> RunAsync(Trees trees, string name, Func<Tree, TestCertificate, EarlierPair> pair, CancellationToken stop)
    {
        Tree tree = await trees.GetAsync(name, stop);
        DirectoryInfo folder = tree.CreateFolder();
        try
        {
            string keyLog = Path.Combine(folder.FullName, "keys");
            return await pair(tree, TestCertificate.Create(folder.FullName)).RunAsync((tree.Inside(keyLog), keyLog), stop);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static EarlierPair OpenSsl(Tree tree, TestCertificate certificate, string program, string mode, string version)
    {
        string tls = version == "1.2" ? "-tls1_2" : "-tls1_3";
        return new EarlierPair(
            "tls", program, mode,
            port => tree.Start(
                "/usr/bin/openssl", "s_server", "-accept", $"{port}", "-cert", tree.Inside(certificate.CertificatePath), "-key", tree.Inside(certificate.KeyPath), tls, "-rev"),
            (port, keyLog) => tree.Command("/usr/bin/openssl", "s_client", "-connect", $"127.0.0.1:{port}", tls, "-quiet", "-keylogfile", keyLog));
    }

    private static EarlierPair GnuTls(Tree tree, TestCertificate certificate, string program, string mode, string version)
    {
        string priority = $"NORMAL:-VERS-ALL:+VERS-TLS{version}";
        return new EarlierPair(
            "gnutls", program, mode,
            port => tree.Start(
                "/usr/bin/gnutls-serv", "--echo", "--disable-client-cert", "--port", $"{port}", "--priority", priority,
                "--x509certfile", tree.Inside(certificate.CertificatePath), "--x509keyfile", tree.Inside(certificate.KeyPath)),
            (port, keyLog) => tree.Command(
                "/usr/bin/env", $"SSLKEYLOGFILE={keyLog}", "/usr/bin/gnutls-cli", "--port", $"{port}", "--insecure", "--priority", priority, "127.0.0.1"));
    }
}
