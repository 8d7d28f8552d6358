using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.Matrix;

/// <summary>PostgreSQL of every suite with its own psql, plain and over TLS.</summary>
internal static class PostgresScenarios
{
    private static readonly (string Tree, string Version)[] s_versions = [("bullseye", "13"), ("", "15"), ("trixie", "17"), ("sid", "18")];

    internal static IEnumerable<Scenario> All(Trees trees)
    {
        foreach ((string tree, string version) in s_versions)
        {
            foreach (string mode in (string[])["plain", "TLS"])
            {
                string program = $"PostgreSQL {version}";
                yield return new Scenario("postgres", program, mode, async stop =>
                    await RunAsync(tree.Length == 0 ? new Tree("/") : await trees.GetAsync(tree, stop), program, version, mode, stop));
            }
        }
    }

    private static async Task<IReadOnlyList<Cell>> RunAsync(Tree tree, string program, string version, string mode, CancellationToken stop)
    {
        const int Nobody = 65534;
        DirectoryInfo folder = tree.CreateFolder();
        try
        {
            string inside = tree.Inside(folder.FullName);
            string bin = $"/usr/lib/postgresql/{version}/bin";
            string[] asNobody = ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups"];
            TestCertificate certificate = TestCertificate.Create(folder.FullName);
            File.SetUnixFileMode(certificate.KeyPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await tree.MustAsync(stop, "chown", "-R", $"{Nobody}:{Nobody}", inside);
            await tree.MustAsync(stop, [.. asNobody, $"{bin}/initdb", "-D", inside + "/data", "-U", "asker", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8"]);
            string address(int port) => $"host=127.0.0.1 port={port} user=asker dbname=postgres sslmode={(mode == "TLS" ? "require" : "disable")}";
            SqlServer server = new(
                "postgres", program, mode,
                port => tree.Start(
                    [.. asNobody, $"{bin}/postgres", "-D", inside + "/data", "-p", $"{port}", "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={inside}",
                        "-c", "fsync=off", "-c", "ssl=on", "-c", $"ssl_cert_file={tree.Inside(certificate.CertificatePath)}", "-c", $"ssl_key_file={tree.Inside(certificate.KeyPath)}"]),
                async port => (await tree.RunAsync("", stop, $"{bin}/psql", "-X", "-c", "select 1", address(port))).ExitCode == 0,
                (port, sql) => tree.RunAsync(sql, stop, $"{bin}/psql", "-X", address(port)))
            {
                Session = ("asker", "postgres"),
                NoTable = "42P01",
            };
            return await server.RunAsync(stop);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
