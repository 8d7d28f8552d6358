using System.Text;
using ECapture.Cli.Commands;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Log;
using ECapture.Sink.Operations;
using ECapture.Storage;

namespace ECapture.Cli.Admin;

/// <summary>
/// Runs an operation where the store is: in the service that runs on the data directory, else in a process of the store's owner when that is another user,
/// else here.
/// </summary>
internal static class AdminTarget
{
    private const string Actor = "actor";

    /// <summary>Runs it and hands over its report.</summary>
    /// <param name="options">Data directory, store, log.</param>
    /// <param name="name">One of <see cref="AdminOperations"/>.</param>
    /// <param name="parameters">Its parameters; those without a value are left out.</param>
    /// <param name="line">Takes each line of the report; null: standard output.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The operation's exit code.</returns>
    /// <exception cref="UsageException">There is no store, or the operation failed elsewhere.</exception>
    internal static async Task<int> RunAsync(
        OptionReader options, string name, IEnumerable<KeyValuePair<string, string?>> parameters, Func<string, Task>? line, CancellationToken cancellationToken)
    {
        line ??= text => Console.Out.WriteLineAsync(text);
        // Who asks is known here: where it runs it is the service's user.
        KeyValuePair<string, string>[] given =
        [
            .. parameters.Where(p => p.Value is not null && p.Key != Actor).Select(p => KeyValuePair.Create(p.Key, p.Value!)), KeyValuePair.Create(Actor, Environment.UserName),
        ];
        DataDirectory data = Composition.DataOf(options);
        if (options.Find(CommonOptions.Store) is null)
        {
            if (ServiceFile.ReadLive(ServiceFile.PathOf(data.Root, "service")) is { } service)
            {
                return service is { Api: { } api, AdminKey: { } key }
                    ? await RemoteAsync(new Uri(api), key, name, given, line, cancellationToken)
                    : throw new UsageException($"the service that runs on {data.Root} is of another version; restart it with this one");
            }

            if (!Directory.Exists(data.Store))
            {
                throw new UsageException(
                    $"no service runs on {data.Root} and no store is there: start `ecapture run`, or name another directory with --data, or a store with --store");
            }

            if (UnixAccount.IsRoot && UnixAccount.OwnerOf(data.Store) is { Uid: not 0 } owner)
            {
                return await AsOwnerAsync(options, owner, data, name, given, line, cancellationToken);
            }
        }

        await using AdminProcess process = await AdminProcess.OpenAsync(options, data, cancellationToken);
        using LineWriter output = new(line);
        return await process.RunAsync(name, new OperationParameters(given), output, cancellationToken);
    }

    private static async Task<int> RemoteAsync(
        Uri api, string key, string name, KeyValuePair<string, string>[] parameters, Func<string, Task> line, CancellationToken cancellationToken)
    {
        string query = string.Join('&', parameters.Select(p => $"{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(p.Value)}"));
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(api, $"admin/v1/{name}?{query}"));
        request.Headers.Add(AdminRoutes.KeyHeader, key);
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                throw new UsageException($"the service at {api} answered {(int)response.StatusCode} to `{name}`: is it of another version? Restart it with this one");
            }

            using StreamReader reader = new(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
            return await AdminReport.ReadAsync(reader, line, $"the service at {api}", cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new UsageException($"the service at {api} does not answer: {(e.InnerException ?? e).Message}");
        }
    }

    // The in-process engine leaves files: they must be its owner's.
    private static async Task<int> AsOwnerAsync(
        OptionReader options, UnixAccount owner, DataDirectory data, string name, KeyValuePair<string, string>[] parameters, Func<string, Task> line, CancellationToken cancellationToken)
    {
        await ChildProcess.CheckReachableAsync(owner, cancellationToken);
        using ChildProcess process = ChildProcess.Start(name, owner, data.Root, ArgumentsOf(options, data, name, parameters), readOutput: true);
        try
        {
            return await AdminReport.ReadAsync(process.Output, line, $"the process of {owner.Name}", cancellationToken);
        }
        finally
        {
            await process.StopAsync(TimeSpan.FromSeconds(10));
        }
    }

    /// <summary>What the owner's process is told: everything that this command was, wherever it was said, because that process runs in another folder.</summary>
    internal static IReadOnlyList<string> ArgumentsOf(OptionReader options, DataDirectory data, string name, IEnumerable<KeyValuePair<string, string>> parameters) =>
    [
        "admin", CommonOptions.Data.Name, data.Root, CommonOptions.Store.Name, "chdb:" + data.Store, "--operation", name,
        .. options.Find(CommonOptions.Log) is { } log ? (string[])[CommonOptions.Log.Name, RunCommand.Absolute(log)] : [],
        .. options.Find(CommonOptions.Policy) is { } policy ? (string[])[CommonOptions.Policy.Name, Path.GetFullPath(policy)] : [],
        .. options.Find(KeeperParts.Capacity) is { } capacity ? (string[])[KeeperParts.Capacity.Name, capacity] : [],
        .. parameters.SelectMany(p => (string[])["--parameter", $"{p.Key}={p.Value}"]),
    ];
}
