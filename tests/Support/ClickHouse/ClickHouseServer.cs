using System.Globalization;
using System.Text;
using ECapture.Storage;

namespace ECapture.Tests.Support.ClickHouse;

/// <summary>
/// The real ClickHouse engine behind ClickHouse's HTTP protocol (tests/ChdbGateway), in a process of its own on a free port of
/// 127.0.0.1, with its data in a temporary folder. Passwords are checked.
/// </summary>
public sealed class ClickHouseServer : IAsyncDisposable
{
    public const string User = "probe";
    public const string Password = "gateway-password";

    private readonly string _folder;
    private readonly string _data;
    private readonly HttpClient _client = new();
    private ServerProcess? _server;

    private ClickHouseServer(string folder, string data, int port)
    {
        _folder = folder;
        _data = data;
        Port = port;
    }

    public int Port { get; }

    public int ProcessId => _server!.Id;

    /// <summary>A file that holds the password, for <c>?password-file=</c>.</summary>
    public string PasswordFile => Path.Combine(_folder, "password");

    public static Task<ClickHouseServer> StartAsync(CancellationToken cancellationToken) => StartAsync(null, cancellationToken);

    /// <summary>Serves an engine's directory that is there already, or a new one that goes with the server.</summary>
    public static async Task<ClickHouseServer> StartAsync(string? data, CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-ch-").FullName;
        ClickHouseServer server = new(folder, data ?? Path.Combine(folder, "data"), FreePort.Next());
        await File.WriteAllTextAsync(server.PasswordFile, Password + "\n", cancellationToken);
        await server.RestartAsync(cancellationToken);
        return server;
    }

    /// <summary>Makes a database.</summary>
    /// <returns>Its address.</returns>
    public async Task<StoreAddress> CreateDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        await ExecuteAsync("default", $"CREATE DATABASE `{name}`", cancellationToken);
        return Address(name);
    }

    public StoreAddress Address(string database) =>
        StoreAddress.Parse($"clickhouse://{User}@127.0.0.1:{Port}/{database}?password-file={PasswordFile}&timeout=60");

    /// <summary>Runs a statement; a SELECT that names its FORMAT gives its result as text.</summary>
    public async Task<string> ExecuteAsync(string database, string sql, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, $"http://127.0.0.1:{Port}/?database={database}");
        request.Headers.Add("X-ClickHouse-User", User);
        request.Headers.Add("X-ClickHouse-Key", Password);
        request.Content = new StringContent(sql, Encoding.UTF8);
        using HttpResponseMessage response = await _client.SendAsync(request, cancellationToken);
        string body = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode ? body : throw new InvalidOperationException($"{sql}: {body}");
    }

    /// <summary>True when the engine has ended, also by itself.</summary>
    public bool HasExited => _server?.HasExited ?? true;

    /// <summary>Says how the engine ended, when it did so by itself.</summary>
    /// <exception cref="InvalidOperationException">It has.</exception>
    public void RequireRunning()
    {
        if (_server is { HasExited: true } ended)
        {
            string said = ended.Output;
            throw new InvalidOperationException($"the ClickHouse engine ended by itself with {ended.ExitCode}: {said[Math.Max(0, said.Length - 4000)..]}");
        }
    }

    /// <summary>What the engine's process has said.</summary>
    public string Output => _server?.Output ?? "";

    /// <summary>kill -9 of the engine.</summary>
    public async Task KillAsync()
    {
        await _server!.KillAsync();
        await _server.DisposeAsync();
        _server = null;
    }

    /// <summary>Starts the engine (again) on the same port and folder.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        ServerProcess server = ServerProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "ChdbGateway"),
            ["serve", _data, Port.ToString(CultureInfo.InvariantCulture), User, Password]);
        try
        {
            await server.WaitReadyAsync(IsReadyAsync, TimeSpan.FromSeconds(60), cancellationToken);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        _server = server;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _client.GetStringAsync($"http://127.0.0.1:{Port}/ping", cancellationToken) == "Ok.\n";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
