using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.Matrix;

/// <summary>MariaDB of every suite and MySQL 8.0 to 9 with their own clients, plain and over TLS.</summary>
internal static class MysqlScenarios
{
    private static readonly (string Tree, string Program)[] s_versions =
        [("bullseye", "MariaDB 10.5"), ("", "MariaDB 10.11"), ("trixie", "MariaDB 11.8.6"), ("sid", "MariaDB 11.8.9"), ("mysql8.0", "MySQL 8.0"), ("mysql8.4", "MySQL 8.4"), ("mysql9", "MySQL 9.7")];

    internal static IEnumerable<Scenario> All(Trees trees)
    {
        foreach ((string tree, string program) in s_versions)
        {
            foreach (string mode in (string[])["plain", "TLS"])
            {
                yield return new Scenario("mysqld", program, mode, async stop =>
                    await RunAsync(tree.Length == 0 ? new Tree("/") : await trees.GetAsync(tree, stop), program, mode, stop));
            }
        }
    }

    private static async Task<IReadOnlyList<Cell>> RunAsync(Tree tree, string program, string mode, CancellationToken stop)
    {
        DirectoryInfo folder = tree.CreateFolder();
        try
        {
            string inside = tree.Inside(folder.FullName);
            string data = $"--datadir={inside}/data";
            bool isMysql = program.StartsWith("MySQL", StringComparison.Ordinal);
            string daemon = isMysql ? "/usr/sbin/mysqld" : "/usr/sbin/mariadbd";
            if (isMysql)
            {
                await tree.MustAsync(stop, daemon, "--no-defaults", "--initialize-insecure", "--secure-file-priv=", "--user=root", data);
            }
            else
            {
                await tree.MustAsync(
                    stop, "/usr/bin/mariadb-install-db", "--no-defaults", "--user=root", data, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve", "--force");
            }

            TestCertificate certificate = TestCertificate.Create(folder.FullName);
            string tls = (isMysql, mode) switch
            {
                (true, "TLS") => "--ssl-mode=REQUIRED",
                (true, _) => "--ssl-mode=DISABLED",
                (_, "TLS") => "--ssl",
                _ => "--skip-ssl",
            };
            string[] client(int port) =>
            [
                isMysql ? "/usr/bin/mysql" : "/usr/bin/mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", $"{port}", "-u", "root", "--protocol=tcp", "--force", tls,
                .. isMysql || mode != "TLS" ? [] : (string[])["--disable-ssl-verify-server-cert"], "mysql",
            ];
            SqlServer server = new(
                "mysqld", program, mode,
                port => tree.Start(
                    daemon, "--no-defaults", "--user=root", data, $"--port={port}", "--bind-address=127.0.0.1", $"--socket={inside}/socket", $"--pid-file={inside}/pid",
                    "--innodb-buffer-pool-size=32M", "--secure-file-priv=", $"--ssl-cert={tree.Inside(certificate.CertificatePath)}", $"--ssl-key={tree.Inside(certificate.KeyPath)}"),
                async port => (await tree.RunAsync("", stop, [.. client(port), "-e", "select 1"])).ExitCode == 0,
                (port, sql) => tree.RunAsync(sql, stop, client(port)))
            {
                Session = ("root", "mysql"),
                NoTable = "42S02",
            };
            return await server.RunAsync(stop);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
