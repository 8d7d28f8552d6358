namespace ECapture.Benchmarks.Query;

/// <summary>
/// <c>make bench-query</c>: a day (or several) of packets and other events straight into each store, then what a user asks for: rebuilding an hour against
/// <c>editcap --inject-secrets</c> on the same packets, by turns, both into memory (/dev/shm); a session; single connections, times and texts.
/// </summary>
internal static class QueryBenchmark
{
    private const int LookupRounds = 7;
    private const int WarmingRounds = 4;

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (QueryBenchOptions.Parse(arguments) is not { } options)
        {
            await Console.Error.WriteLineAsync(QueryBenchOptions.Usage);
            return 2;
        }

        string folder = options.Directory ?? Directory.CreateTempSubdirectory("ecapture-bench-query-").FullName;
        string memory = Directory.CreateDirectory($"/dev/shm/ecapture-bench-{Guid.NewGuid():N}").FullName;
        try
        {
            Editcap.Check();
            QueryStores stores = new(folder);
            if (options.Step != "measure")
            {
                await stores.LoadAsync(options, CancellationToken.None);
            }

            if (options.Step != "load")
            {
                List<QueryMeasured> measured = [];
                foreach (string store in options.Stores)
                {
                    MadeHistory history = MadeHistory.Find(stores.HistoryOf(store))
                        ?? throw new InvalidOperationException($"{folder} holds no {store}; load it first");
                    await stores.WithAsync(store, async address => measured.Add(await MeasureAsync(store, address, memory, history, options.Rounds)), CancellationToken.None);
                }

                QueryReport.Print(measured, options.IsJson);
            }

            return 0;
        }
        catch (InvalidOperationException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
        finally
        {
            Directory.Delete(memory, recursive: true);
            if (options.Directory is null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static async Task<QueryMeasured> MeasureAsync(string store, string address, string memory, MadeHistory history, int rounds)
    {
        Editcap editcap = new(memory);
        string output = Path.Combine(memory, "rebuilt.pcapng");
        string hour = $"pcapng?{MadeHistory.Hour}";
        await using (Worker first = await Worker.StartAsync(address, editcap.Packets))
        {
            await first.RunAsync(hour + "&keys=false");
        }

        await using Worker worker = await Worker.StartAsync(address, output);
        for (int i = 0; i < WarmingRounds; i++)
        {
            await worker.RunAsync(hour); // caches, and code that the runtime compiles again while it is used
        }

        await editcap.WriteKeysAsync(output);
        List<Run> runs = [];
        List<Run> peer = [];
        for (int i = 0; i < rounds; i++)
        {
            peer.Add(await editcap.RunAsync());
            runs.Add(await worker.RunAsync(hour));
        }

        List<(string, IReadOnlyList<Run>)> lookups = [];
        foreach ((string what, string request) in Lookups(history.ConnectionId))
        {
            await worker.RunAsync(request);
            List<Run> found = [];
            for (int i = 0; i < LookupRounds; i++)
            {
                found.Add(await worker.RunAsync(request));
            }

            lookups.Add((what, found));
        }

        return new QueryMeasured(store, history.Days, history.Days * (history.Packets + history.Events), runs, peer, lookups);
    }

    private static IEnumerable<(string What, string Request)> Lookups(string connection) =>
    [
        ("pcapng of one session, by its connection", $"pcapng?connection={connection}"),
        ("events of a connection by its id, all time", $"events?connection={connection}&limit=all"),
        ("a process's events of one minute", $"events?{MadeHistory.Minute}&process=curl&limit=all"),
        ("the newest 100 events", "events?limit=100"),
        ("SQL that contains a text, one day", $"events?{MadeHistory.Day}&module=postgres&filter={Uri.EscapeDataString("sql ~ \"drop table\"")}"),
        ("plaintext that holds a text, one hour", $"events?{MadeHistory.Hour}&module=tls&text={Uri.EscapeDataString("page=39 HTTP/1.1")}&limit=100"),
    ];
}
