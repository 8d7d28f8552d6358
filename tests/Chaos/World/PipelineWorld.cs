using System.Globalization;
using ECapture.Log;
using ECapture.Log.Kafka;
using ECapture.Storage;
using ECapture.Tests.Chaos.Checking;
using ECapture.Tests.Chaos.Faults;
using ECapture.Tests.Support;
using ECapture.Tests.Support.ClickHouse;
using ECapture.Tests.Support.Cli;
using ECapture.Tests.Support.Kafka;
using ECapture.Tests.Support.Network;
using ECapture.Tests.Support.Postgres;
using Npgsql;

namespace ECapture.Tests.Chaos.World;

/// <summary>A whole pipeline of real parts, each in a process of its own, on small disks and behind networks that can be cut.</summary>
internal sealed class PipelineWorld : IAsyncDisposable
{
    private const long Megabyte = 1 << 20;
    private const string Database = "chaos";
    private const string RealHost = "probes";

    // What the second agent says belongs to partitions that ended long ago: `ecapture sink rebuild` makes anew what sinks write to.
    private const int HoursBehind = 50;

    private readonly Action<string> _tell;
    private readonly WorldOptions _options;
    private readonly Dictionary<string, TmpfsMount> _disks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (TcpProxy Proxy, string Client)> _links = new(StringComparer.Ordinal);
    private readonly List<TcpProxy> _proxies = [];
    private TcpProxy? _network;

    private PipelineWorld(WorldOptions options, Action<string> tell)
    {
        _options = options;
        _tell = tell;
        Logs = Directory.CreateDirectory(Path.Combine(options.Folder, "said")).FullName;
    }

    /// <summary>The world's own folder.</summary>
    public string Folder => _options.Folder;

    /// <summary>Where the parts' output is kept.</summary>
    public string Logs { get; }

    public KafkaBroker? Broker { get; private set; }

    public ClickHouseServer? ClickHouse { get; private set; }

    public PostgresCluster Postgres { get; private set; } = null!;

    public SortedDictionary<string, FeederPart> Feeders { get; } = new(StringComparer.Ordinal);

    /// <summary>By name: ch-1, pg-2, …; the third of a group runs only when it joins.</summary>
    public SortedDictionary<string, Part> Sinks { get; } = new(StringComparer.Ordinal);

    public IEnumerable<Part> Parts => Feeders.Values.Select(feeder => feeder.Part).Concat(Sinks.Values);

    /// <summary>Records that are no events, on their way into the same topics; null on one machine, whose log takes them from nobody else.</summary>
    public PoisonWriter? Poison { get; private set; }

    private string EngineFolder => Path.Combine(_disks["clickhouse"].Folder, "data");

    public static async Task<PipelineWorld> StartAsync(WorldOptions options, Action<string> tell, CancellationToken cancellationToken)
    {
        PipelineWorld world = new(options, tell);
        try
        {
            await world.StartAsync(cancellationToken);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>What can be done to what.</summary>
    public IReadOnlyList<(string Target, FaultKind[] Kinds)> Targets()
    {
        List<(string, FaultKind[])> targets = [("postgres", [FaultKind.Kill])];
        targets.AddRange(_disks.Keys.Select(disk => ($"disk {disk}", new[] { FaultKind.DiskFull })));
        targets.AddRange(_links.Keys.Select(link => (link, new[] { FaultKind.Cut, FaultKind.Stall, FaultKind.Slow })));
        if (Broker is not null)
        {
            targets.AddRange([("broker", [FaultKind.Kill, FaultKind.Freeze]), ("broker", [FaultKind.Kill])]);
        }

        if (ClickHouse is not null)
        {
            targets.AddRange([("clickhouse", [FaultKind.Kill, FaultKind.Tear]), ("clickhouse", [FaultKind.Tear])]);
        }

        foreach (string feeder in Feeders.Keys)
        {
            targets.AddRange([($"feeder {feeder}", [FaultKind.Kill]), .. feeder == RealHost ? [] : new[] { ($"clock {feeder}", new[] { FaultKind.ClockStep }) }]);
        }

        if (_options.IsFleet)
        {
            targets.AddRange([("rebuild ch", [FaultKind.Rebuild]), ("rebuild ch", [FaultKind.Rebuild]), ("rebuild pg", [FaultKind.Rebuild])]);
        }

        foreach (string sink in Sinks.Keys)
        {
            targets.Add(($"sink {sink}", IsExtra(sink) ? [FaultKind.Join, FaultKind.JoinAndKill] : [FaultKind.Kill, FaultKind.Kill, FaultKind.Freeze, FaultKind.Leave, .. _options.IsFleet ? new[] { FaultKind.Isolate, FaultKind.Isolate } : []]));
            targets.Add(targets[^1]);
        }

        return [.. targets.OrderBy(target => target.Item1, StringComparer.Ordinal)];
    }

    public static bool IsExtra(string sink) => sink.EndsWith('3');

    public TmpfsMount Disk(string name) => _disks[name];

    /// <summary>The networks between the sinks of a group and their store.</summary>
    public IEnumerable<string> StoreLinks(string group) => _links.Keys.Where(link => link.StartsWith($"link {group}-", StringComparison.Ordinal) && link.EndsWith(" store", StringComparison.Ordinal));

    /// <summary>The parts of the engine's tables that are on its disk.</summary>
    public EngineParts EngineParts => new(EngineFolder);

    public void SetLink(string name, LinkState state) => _links[name].Proxy.Set(_links[name].Client, state);

    /// <summary>Waits until a rebuild of a table is in its middle.</summary>
    /// <returns>False: it ended before that was seen.</returns>
    public async Task<bool> IsRebuildingAsync(string group, string table, Task ended, CancellationToken cancellationToken)
    {
        IStoreQuery store = (await QueriesAsync(isEnd: false, cancellationToken)).First(query => group == "ch" ? query is ClickHouseQuery : query is PostgresQuery);
        string sql = group == "ch"
            ? $"SELECT count() FROM system.tables WHERE database = '{Database}' AND name = '{table}_rebuild'"
            : $"SELECT count(*) FROM pg_locks WHERE relation = '{table}'::regclass AND mode = 'ShareRowExclusiveLock' AND granted";
        while (!ended.IsCompleted)
        {
            try
            {
                if ((await store.SelectAsync(sql, cancellationToken))[0][0] != "0")
                {
                    return true;
                }
            }
            catch (Exception e) when (e is InvalidOperationException or HttpRequestException or NpgsqlException)
            {
                // The store is killed just now, or has no such table yet.
            }

            await Task.WhenAny(ended, Task.Delay(50, cancellationToken));
        }

        return false;
    }

    /// <summary>A server that a full disk ended is started again.</summary>
    public async Task ReviveServersAsync(CancellationToken cancellationToken)
    {
        if (Postgres.HasExited)
        {
            _tell("postgres has ended; started again");
            await Postgres.RestartAsync(cancellationToken);
        }

        if (ClickHouse is { HasExited: true })
        {
            _tell($"clickhouse has ended; started again; it said: {ClickHouse.Output.TrimEnd().Split('\n')[^1]}");
            await ClickHouse.RestartAsync(cancellationToken);
        }

        if (Broker is not null && !await AnswersAsync(cancellationToken))
        {
            _tell("the broker has lost its ZooKeeper and does not answer; started again");
            await Broker.RestartAsync();
        }
    }

    // So old a broker that was stopped for longer than its session may never find back by itself.
    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        try
        {
            await using KafkaLogReader reader = await KafkaLogReader.OpenAsync(LogAddress.Parse(BrokerAddress("check")), limit.Token);
            await reader.PartitionsAsync(limit.Token);
            return true;
        }
        catch (Exception e) when (e is LogException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>How this program's own commands name the stores and the log, once all parts have ended.</summary>
    public IReadOnlyList<(string Store, string Log)> Addresses()
    {
        string log = Broker is null ? "sqlite:" + Feeders["a"].Directory : BrokerAddress("check");
        string database = _options.IsFleet ? Database : StoreAddress.DefaultDatabase;
        return [(ClickHouse!.Address(database).Text, log), (Postgres.Address(Database).Text, log)];
    }

    /// <summary>The stores, to be asked. An in-process engine can be asked only after its sink has ended: it is served then.</summary>
    public async Task<IReadOnlyList<IStoreQuery>> QueriesAsync(bool isEnd, CancellationToken cancellationToken)
    {
        PostgresQuery postgres = new(Postgres, Database);
        if (_options.IsFleet)
        {
            return [new ClickHouseQuery(ClickHouse!, Database, "clickhouse"), postgres];
        }

        if (!isEnd)
        {
            return [postgres];
        }

        ClickHouse ??= await ClickHouseServer.StartAsync(EngineFolder, cancellationToken);
        return [new ClickHouseQuery(ClickHouse, StoreAddress.DefaultDatabase, "chdb"), postgres];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (FeederPart feeder in Feeders.Values)
        {
            await feeder.DisposeAsync();
        }

        foreach (Part sink in Sinks.Values)
        {
            await sink.DisposeAsync();
        }

        await (Poison?.DisposeAsync() ?? default);
        foreach (TcpProxy proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        await (Broker?.DisposeAsync() ?? default);
        await (ClickHouse?.DisposeAsync() ?? default);
        await (Postgres?.DisposeAsync() ?? default);
        foreach (TmpfsMount disk in _disks.Values)
        {
            await disk.DisposeAsync();
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        string[] hosts = !_options.IsFleet ? ["a"] : _options.IsReal ? ["a", "b", RealHost] : ["a", "b"];
        foreach (string host in hosts)
        {
            await MountAsync($"log {host}", 256 * Megabyte);
        }

        await MountAsync("clickhouse", 1024 * Megabyte);
        await MountAsync("postgres", 512 * Megabyte);
        await Task.WhenAll(StartPostgresAsync(cancellationToken), StartClickHouseAsync(cancellationToken), StartBrokerAsync());
        foreach (string host in hosts)
        {
            string log = Path.Combine(_disks[$"log {host}"].Folder, "log");
            await Truth.PrepareAsync(log);
            Feeders.Add(host, host == RealHost
                ? FeederPart.Agent($"feeder-{host}", host, log, BrokerFor(host)!, Logs, _tell)
                : FeederPart.Feeder($"feeder-{host}", host, log, _options.Rate, _options.Seed, host == "b" ? HoursBehind : 0, BrokerFor(host), Logs, _tell));
        }

        AddSinks(hosts[0]);
    }

    private void AddSinks(string host)
    {
        string localLog = "sqlite:" + Feeders[host].Directory;
        for (int i = 1; i <= 3; i++)
        {
            string name = $"pg-{i}";
            int port = StoreLink(name, Postgres.Port);
            AddSink(name, BrokerFor(name) ?? localLog, $"postgres://{PostgresCluster.User}@127.0.0.1:{port}/{Database}?password-file={Postgres.PasswordFile}&timeout=10");
        }

        if (!_options.IsFleet)
        {
            AddSink("chdb-1", localLog, $"chdb:{EngineFolder}"); // one process per directory
            return;
        }

        for (int i = 1; i <= 3; i++)
        {
            string name = $"ch-{i}";
            int port = StoreLink(name, ClickHouse!.Port);
            AddSink(name, BrokerFor(name)!, $"clickhouse://{ClickHouseServer.User}@127.0.0.1:{port}/{Database}?password-file={ClickHouse.PasswordFile}&timeout=10");
        }
    }

    private void AddSink(string name, string log, string store) => Sinks.Add(
        name, new Part(name, Ecapture.Path, ["sink", "--data", Path.Combine(_options.Folder, "data-" + name), "--log", log, "--store", store, "--group", name[..name.IndexOf('-', StringComparison.Ordinal)]], Logs, _tell));

    private async Task MountAsync(string name, long bytes) =>
        _disks.Add(name, await TmpfsMount.MountAsync(Path.Combine(_options.Folder, name.Replace(' ', '-')), bytes));

    // Each client of the broker has a link of its own: the proxy knows it by its client id.
    private string? BrokerFor(string client)
    {
        if (Broker is null)
        {
            return null;
        }

        _links.Add($"link {client} broker", (_network!, client));
        return BrokerAddress(client);
    }

    // A short session: whoever is killed or frozen is soon taken for dead.
    private string BrokerAddress(string client) =>
        $"{Broker!.Address.Replace("session.timeout.ms=6000", "session.timeout.ms=3000", StringComparison.Ordinal)}&client.id={client}";

    private int StoreLink(string sink, int port)
    {
        TcpProxy proxy = new() { TargetPort = port };
        _proxies.Add(proxy);
        _links.Add($"link {sink} store", (proxy, ""));
        return proxy.Port;
    }

    private async Task StartPostgresAsync(CancellationToken cancellationToken)
    {
        Postgres = await PostgresCluster.StartAsync(["max_wal_size=64MB", "min_wal_size=32MB"], _disks["postgres"].Folder, cancellationToken);
        await Postgres.CreateDatabaseAsync(Database, cancellationToken);
    }

    private async Task StartClickHouseAsync(CancellationToken cancellationToken)
    {
        if (_options.IsFleet)
        {
            ClickHouse = await ClickHouseServer.StartAsync(EngineFolder, cancellationToken);
            await ClickHouse.CreateDatabaseAsync(Database, cancellationToken);
        }
    }

    private async Task StartBrokerAsync()
    {
        if (_options.IsFleet)
        {
            _network = new TcpProxy(KafkaClient.NameOf);
            _proxies.Add(_network);
            Broker = await KafkaBroker.StartToKillAsync(_network.Port);
            _network.TargetPort = Broker.Port;
            Poison = _options.HasPoison ? new PoisonWriter(LogAddress.Parse(BrokerAddress("poison"))) : null;
        }
    }
}
