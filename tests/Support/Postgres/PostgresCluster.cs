using System.Diagnostics;
using System.Net.Sockets;
using ECapture.Storage;
using Npgsql;

namespace ECapture.Tests.Support.Postgres;

/// <summary>
/// A throw-away PostgreSQL 15 on a free port of 127.0.0.1, run as user <c>postgres</c> in a temporary folder. Its superuser is
/// <c>postgres</c>; passwords are checked (scram-sha-256).
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    public const string User = "postgres";
    public const string Password = "cluster-password";

    private const string Binaries = "/usr/lib/postgresql/15/bin";

    private readonly string _folder;
    private readonly string[] _settings;
    private ServerProcess? _server;

    private PostgresCluster(string folder, int port, string[] settings)
    {
        _folder = folder;
        _settings = settings;
        Port = port;
    }

    public int Port { get; }

    /// <summary>The postmaster; the sessions are its children.</summary>
    public int ProcessId => _server!.Id;

    /// <summary>A file that holds the password, for <c>?password-file=</c>.</summary>
    public string PasswordFile => Path.Combine(_folder, "password");

    /// <summary>The folder of its UNIX socket.</summary>
    public string SocketFolder => _folder;

    /// <summary>True leaves the folder when the server ends; a later start in the same place goes on with it.</summary>
    public bool IsKept { get; set; }

    public static Task<PostgresCluster> StartAsync(CancellationToken cancellationToken) => StartAsync([], cancellationToken);

    /// <summary>Starts it with settings of its configuration file: <c>name=value</c>.</summary>
    public static Task<PostgresCluster> StartAsync(string[] settings, CancellationToken cancellationToken) => StartAsync(settings, null, cancellationToken);

    /// <summary>Starts it in a folder that is empty or was kept, or in a temporary one.</summary>
    public static async Task<PostgresCluster> StartAsync(string[] settings, string? place, CancellationToken cancellationToken)
    {
        if (!File.Exists($"{Binaries}/initdb"))
        {
            throw new InvalidOperationException("PostgreSQL 15 is missing; run `make setup` or: apt-get install postgresql-15");
        }

        string folder = place is null ? Directory.CreateTempSubdirectory("ecapture-pg-").FullName : Directory.CreateDirectory(Path.Combine(place, "cluster")).FullName;
        PostgresCluster cluster = new(folder, FreePort.Next(), settings);
        await File.WriteAllTextAsync(cluster.PasswordFile, Password + "\n", cancellationToken);
        await RunAsync("chown", ["-R", "postgres:postgres", folder], cancellationToken);
        if (!Directory.Exists(cluster.DataFolder))
        {
            await RunAsync(
                "setpriv",
                [.. AsPostgres, $"{Binaries}/initdb", "-D", cluster.DataFolder, "-U", User, "--auth=scram-sha-256", $"--pwfile={cluster.PasswordFile}",
                    "--no-sync", "--locale=C.UTF-8", "--encoding=UTF8"],
                cancellationToken);
        }

        await cluster.StartServerAsync(cancellationToken);
        return cluster;
    }

    /// <summary>Makes a database.</summary>
    /// <returns>Its address.</returns>
    public async Task<StoreAddress> CreateDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(ConnectionString("postgres"));
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlCommand command = new($"CREATE DATABASE \"{name}\"", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return Address(name);
    }

    public async Task DropDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(ConnectionString("postgres"));
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlCommand command = new($"DROP DATABASE \"{name}\" WITH (FORCE)", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public StoreAddress Address(string database) =>
        StoreAddress.Parse($"postgres://{User}@127.0.0.1:{Port}/{database}?password-file={PasswordFile}");

    public string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={Port};Username={User};Password={Password};Database={database};Pooling=false";

    /// <summary>True when the postmaster has ended, also by itself.</summary>
    public bool HasExited => _server?.HasExited ?? true;

    /// <summary>kill -9 of the postmaster; its children notice and end.</summary>
    public async Task KillAsync()
    {
        await _server!.KillAsync();
        await _server.DisposeAsync();
        _server = null;
    }

    /// <summary>Starts the server again on the same port and folder.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        // The children of a killed postmaster hold its shared memory for a moment: the first tries may be refused.
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await StartServerAsync(cancellationToken);
                return;
            }
            catch (InvalidOperationException) when (attempt < 50)
            {
                await Task.Delay(100, cancellationToken);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            _server.Signal(2); // SIGINT: PostgreSQL's fast shutdown, which does not wait for clients
            await _server.DisposeAsync();
        }

        if (!IsKept)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static string[] AsPostgres => ["--reuid=postgres", "--regid=postgres", "--init-groups"];

    private string DataFolder => Path.Combine(_folder, "data");

    private async Task StartServerAsync(CancellationToken cancellationToken)
    {
        ServerProcess server = ServerProcess.Start(
            "setpriv",
            [.. AsPostgres, $"{Binaries}/postgres", "-D", DataFolder, "-p", $"{Port}", "-c", "listen_addresses=127.0.0.1",
                "-c", $"unix_socket_directories={_folder}", "-c", "fsync=off", "-c", "max_wal_size=4GB", "-c", "max_connections=60",
                .. _settings.SelectMany(s => new[] { "-c", s })]);
        try
        {
            await server.WaitReadyAsync(IsReadyAsync, TimeSpan.FromSeconds(120), cancellationToken);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        _server = server;
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using NpgsqlConnection connection = new(ConnectionString("postgres"));
            await connection.OpenAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or SocketException)
        {
            return false;
        }
    }

    private static async Task RunAsync(string file, string[] arguments, CancellationToken cancellationToken)
    {
        using Process process = new() { StartInfo = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true } };
        process.Start();
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await errors}");
        }
    }
}
