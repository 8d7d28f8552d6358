using System.CommandLine;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Query.Client;
using ECapture.Storage;

namespace ECapture.Cli.Commands;

/// <summary>
/// Where `events`, `pcap` and `status` read: the API that was named, the store that was named, the service that runs on the data directory, or else the data directory's own store.
/// </summary>
internal sealed class EventSource : IAsyncDisposable
{
    internal static readonly Option<string?> Api = CommonOptions.Text("api", "URL", "API of a query service (default: the one that runs on --data)");

    private readonly BorrowedService? _borrowed;

    private EventSource(QueryClient? client, Store? store, BorrowedService? borrowed = null)
    {
        Client = client;
        Store = store;
        _borrowed = borrowed;
    }

    /// <summary>Set when a service answers.</summary>
    internal QueryClient? Client { get; }

    /// <summary>Set when the store is read here.</summary>
    internal Store? Store { get; }

    /// <summary>Finds and opens it.</summary>
    /// <exception cref="UsageException">There is nothing to read.</exception>
    internal static async Task<EventSource> OpenAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DataDirectory data = Composition.DataOf(options);
        if (options.Find(Api) is { } text)
        {
            return Uri.TryCreate(text, UriKind.Absolute, out Uri? api) && api.Scheme is "http" or "https"
                ? new EventSource(ServiceAccess.ClientOf(api), null)
                : throw new UsageException($"--api: '{text}' is no http or https address; for example http://127.0.0.1:8080");
        }

        if (options.Find(CommonOptions.Store) is null)
        {
            if (ServiceFile.ReadLive(ServiceFile.PathOf(data.Root, "service")) is { Api: { } address })
            {
                return new EventSource(ServiceAccess.ClientOf(new Uri(address)), null);
            }

            if (!Directory.Exists(data.Store))
            {
                throw new UsageException(
                    $"no service runs on {data.Root} and no store is there: start `ecapture run`, or name another directory with --data, a service with --api or a store with --store");
            }

            if (UnixAccount.IsRoot && UnixAccount.OwnerOf(data.Store) is { Uid: not 0 } owner)
            {
                BorrowedService borrowed = await BorrowedService.StartAsync(owner, data, cancellationToken);
                return new EventSource(new QueryClient(borrowed.Address), null, borrowed);
            }
        }

        return new EventSource(null, await StoreFactory.OpenAsync(Composition.StoreAddressOf(options, data), StoreRole.Reader, cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (Store is not null)
        {
            await Store.DisposeAsync();
        }

        if (_borrowed is not null)
        {
            await _borrowed.DisposeAsync();
        }
    }
}
