using System.Diagnostics;
using System.Globalization;
using System.Text;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.Support.MariaDb;

/// <summary>A command as the server's general log tells it.</summary>
/// <param name="Thread">Connection id of the server.</param>
/// <param name="User">Who.</param>
/// <param name="Kind"><c>Query</c>, <c>Prepare</c>, <c>Execute</c> …</param>
/// <param name="Text">The statement; of an execution with its values.</param>
public sealed record LoggedCommand(uint Thread, string User, string Kind, string Text);

/// <summary>
/// A throw-away MariaDB on a free port of 127.0.0.1 and ::1, and a UNIX socket, run as user <c>mysql</c> in a temporary folder, with TLS. It logs every command into
/// its table <c>mysql.general_log</c>, and by the plugin server_audit.
/// </summary>
public sealed class MariaDbServer : IAsyncDisposable
{
    public const string User = "app";
    public const string Password = "s3kret-of-app";
    public const string UserWithoutPassword = "raw";
    public const string Database = "shop";

    private readonly string _folder;
    private ServerProcess? _server;

    private MariaDbServer(string folder)
    {
        _folder = folder;
        Port = FreePort.Next();
    }

    public int Port { get; }

    public uint ProcessId => (uint)_server!.Id;

    private string Socket => Path.Combine(_folder, "server.sock");

    private string AuditFile => Path.Combine(_folder, "audit.log");

    public static async Task<MariaDbServer> StartAsync(CancellationToken cancellationToken)
    {
        const string Program = "/usr/sbin/mariadbd";
        if (!File.Exists(Program))
        {
            throw new InvalidOperationException("MariaDB is missing; run `make setup` or: apt-get install mariadb-server mariadb-client");
        }

        string folder = Directory.CreateTempSubdirectory("ecapture-maria-").FullName;
        MariaDbServer server = new(folder);
        TestCertificate certificate = TestCertificate.Create(folder);
        string data = Path.Combine(folder, "data");
        await RunAsync("chown", ["-R", "mysql:mysql", folder]);
        await RunAsync("mariadb-install-db", ["--no-defaults", "--user=mysql", $"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        server._server = ServerProcess.Start(
            "setpriv",
            [
                "--reuid=mysql", "--regid=mysql", "--init-groups", Program, "--no-defaults", $"--datadir={data}", $"--socket={server.Socket}", $"--port={server.Port}",
                "--bind-address=127.0.0.1,::1", $"--pid-file={folder}/pid", $"--ssl-cert={certificate.CertificatePath}", $"--ssl-key={certificate.KeyPath}",
                "--plugin-load-add=server_audit", "--server-audit-logging=ON", "--server-audit-events=QUERY", $"--server-audit-file-path={server.AuditFile}",
                "--server-audit-query-log-limit=1000000", "--server-audit-file-rotate-size=1000000000", "--general-log=ON", "--log-output=TABLE", "--innodb-flush-method=nosync", "--innodb-buffer-pool-size=32M",
                "--local-infile=ON", "--max-connections=100",
            ]);
        await server._server.WaitReadyAsync(
            async _ => (await server.RunAsync("mariadb-admin", "root", ["ping"])).ExitCode == 0, TimeSpan.FromSeconds(60), cancellationToken);
        await server.QueryAsync(
            $"create user {User}@'%' identified by '{Password}'; grant all on *.* to {User}@'%'; create user {UserWithoutPassword}@'%'; "
            + $"grant all on *.* to {UserWithoutPassword}@'%'; create database {Database}; create table {Database}.t (i int primary key, s text, d datetime)");
        return server;
    }

    /// <summary>Runs a client program of MariaDB as <see cref="User"/>.</summary>
    /// <param name="program"><c>mariadb</c>, <c>mariadb-slap</c>.</param>
    /// <param name="arguments">Behind those that say where the server is.</param>
    /// <param name="tcp">Over TCP instead of the UNIX socket.</param>
    /// <param name="tls">With TLS.</param>
    /// <param name="input">Standard input.</param>
    public Task<(int ExitCode, string Output)> RunClientAsync(string program, string[] arguments, bool tcp = false, bool tls = false, string input = "") =>
        RunAsync(program, User, [tls ? "--ssl" : "--skip-ssl", .. arguments], tcp, input);

    /// <summary>Starts a client that goes on reading its standard input.</summary>
    public Process StartClient(string[] arguments, bool tcp) => Start("mariadb", User, ["--skip-ssl", .. arguments], tcp);

    /// <summary>What the general log holds of the sessions of the test's users, by session, in order.</summary>
    public async Task<IReadOnlyList<LoggedCommand>> ReadCommandsAsync()
    {
        string rows = await QueryAsync(
            $"select thread_id, user_host, command_type, hex(argument) from mysql.general_log where user_host like '{User}[%' or user_host like '{UserWithoutPassword}[%'");
        return [.. rows.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(row =>
        {
            string[] fields = row.Split('\t');
            return new LoggedCommand(
                uint.Parse(fields[0], CultureInfo.InvariantCulture), fields[1][..fields[1].IndexOf('[', StringComparison.Ordinal)], fields[2],
                Encoding.UTF8.GetString(Convert.FromHexString(fields[3])));
        })];
    }

    /// <summary>The statements of the test's users that server_audit wrote, in order.</summary>
    public async Task<IReadOnlyList<AuditedStatement>> ReadAuditAsync()
    {
        // time,server host,user,host,connection,query,operation,database,'statement',error
        string[] lines = await File.ReadAllLinesAsync(AuditFile);
        return [.. lines.Select(l => l.Split(',', 9)).Where(f => f[2] is User or UserWithoutPassword && f[6] == "QUERY").Select(f =>
        {
            int end = f[8].LastIndexOf(',');
            return new AuditedStatement(
                uint.Parse(f[4], CultureInfo.InvariantCulture), f[2], f[7], Unescape(f[8].AsSpan(1, end - 2)), ushort.Parse(f[8].AsSpan(end + 1), CultureInfo.InvariantCulture));
        })];
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string Unescape(ReadOnlySpan<char> text)
    {
        StringBuilder plain = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            plain.Append(text[i] != '\\' ? text[i] : text[++i] switch
            {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\b',
                '0' => '\0',
                'Z' => '\x1a',
                char other => other,
            });
        }

        return plain.ToString();
    }

    private async Task<string> QueryAsync(string sql)
    {
        (int code, string output) = await RunAsync("mariadb", "root", ["--batch", "--skip-column-names", "-e", sql]);
        return code == 0 ? output : throw new InvalidOperationException($"{sql}: {output}");
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string program, string user, string[] arguments, bool tcp = false, string input = "")
    {
        using Process process = Start(program, user, arguments, tcp);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    private Process Start(string program, string user, string[] arguments, bool tcp)
    {
        string[] where = tcp ? ["--protocol=tcp", "-h", "127.0.0.1", "-P", $"{Port}"] : ["--protocol=socket", "-S", Socket];
        ProcessStartInfo start = new(program, ["--no-defaults", .. where, "-u", user, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (user == User)
        {
            start.Environment["MYSQL_PWD"] = Password;
        }

        return Process.Start(start)!;
    }

    private static async Task RunAsync(string file, string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}{await errors}");
        }
    }
}
