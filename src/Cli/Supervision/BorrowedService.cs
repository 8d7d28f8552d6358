using ECapture.Cli.Options;

namespace ECapture.Cli.Supervision;

/// <summary>
/// A query service that lives for one command: root reads a store of another user only through a process of that user, else the engine would
/// leave files in it that its owner cannot write.
/// </summary>
internal sealed class BorrowedService : IAsyncDisposable
{
    private const string Ready = "ready: API ";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly ChildProcess _process;

    private BorrowedService(ChildProcess process, Uri address)
    {
        _process = process;
        Address = address;
    }

    /// <summary>Where it answers.</summary>
    internal Uri Address { get; }

    /// <summary>Starts it.</summary>
    /// <exception cref="UsageException">It did not start; it has said why on standard error.</exception>
    internal static async Task<BorrowedService> StartAsync(UnixAccount owner, DataDirectory data, CancellationToken cancellationToken)
    {
        await ChildProcess.CheckReachableAsync(owner, cancellationToken);
        ChildProcess process = ChildProcess.Start(
            "query", owner, data.Root,
            ["query", "--data", data.Root, "--store", "chdb:" + data.Store, "--listen", "http://127.0.0.1:0", CommonOptions.Supervised.Name],
            readOutput: true);
        string? line = await process.Output.ReadLineAsync(cancellationToken);
        if (line?.StartsWith(Ready, StringComparison.Ordinal) != true)
        {
            process.Dispose();
            throw new UsageException($"the store in {data.Store} cannot be read as its owner {owner.Name}");
        }

        return new BorrowedService(process, new Uri(line[Ready.Length..]));
    }

    public async ValueTask DisposeAsync()
    {
        await _process.StopAsync(s_patience);
        _process.Dispose();
    }
}
