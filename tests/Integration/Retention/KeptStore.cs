using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Sink.Retention;
using ECapture.Storage;
using ECapture.Tests.Support.Sink;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace ECapture.Tests.Integration.Retention;

/// <summary>A store with events of chosen times, hosts and processes, written by a real sink, and a keeper with a clock of its own.</summary>
internal sealed class KeptStore : IAsyncDisposable
{
    public static readonly DateTimeOffset Today = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-kept-");
    private readonly Dictionary<(string, Guid), ulong> _next = [];
    private readonly Guid _run = Guid.CreateVersion7();

    private KeptStore(Store store) => Store = store;

    public Store Store { get; }

    public MemoryLog Log { get; } = new();

    public RecordingJournal Journal { get; } = new();

    public SetClock Clock { get; } = new(Today);

    public string Archive => Path.Combine(_folder.FullName, "archive");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<KeptStore> OpenAsync(StoreAddress address) =>
        new(await StoreFactory.OpenAsync(address, StoreRole.Writer, Cancel));

    /// <summary>A keeper with rules: the same for every table, or of some.</summary>
    public StoreKeeper Keeper(RetentionRule rule, Policies.FreeSpace? minimumFree = null) => Keeper(_ => rule, minimumFree);

    public StoreKeeper Keeper(Func<string, RetentionRule> rules, Policies.FreeSpace? minimumFree = null) =>
        new(Store, Journal, new RetentionRules(rules, minimumFree), Archive, Clock, NullLogger<StoreKeeper>.Instance);

    /// <summary>Appends events, a second apart.</summary>
    public void Append(string topic, DateTimeOffset from, int count, string host = "h1", string process = "curl", ulong connection = 0, int payload = 100)
    {
        for (int i = 0; i < count; i++)
        {
            ulong sequence = _next.GetValueOrDefault((topic, _run));
            _next[(topic, _run)] = sequence + 1;
            Event made = new()
            {
                Run = ByteString.CopyFrom(_run.ToByteArray(bigEndian: true)),
                Topic = topic,
                Sequence = sequence,
                Host = host,
                Boot = ByteString.CopyFrom(new byte[16]),
                WallNs = (ulong)from.AddSeconds(i).ToUnixTimeMilliseconds() * 1_000_000,
                Process = new Process { Pid = 7, Name = ByteString.CopyFromUtf8(process) },
                Connection = connection,
            };
            byte[] bytes = new byte[payload];
            new Random((int)sequence).NextBytes(bytes);
            ByteString data = ByteString.CopyFrom(bytes);
            switch (topic)
            {
                case Topics.Packet:
                    made.Packet = new Packet { Interface = "eth0", Data = data, OriginalLength = (uint)payload };
                    break;
                case Topics.Secret:
                    made.TlsSecret = new TlsSecret { Label = "CLIENT_RANDOM", ClientRandom = ByteString.CopyFrom(new byte[32]), Secret = data };
                    break;
                default:
                    made.TlsData = new TlsData { Direction = Direction.Sent, Library = "openssl", Data = data };
                    break;
            }

            Log.Append(new TopicPartition(topic, 0), made.ToByteArray());
        }
    }

    /// <summary>Brings what is in the log into the store; a sink that starts runs its last plans again.</summary>
    public async Task SinkAsync()
    {
        await using SinkRun sink = new(Log, Store);
        await sink.WaitDrainedAsync(Cancel);
    }

    /// <summary>All rows of a table with everything that identifies them, as texts in order.</summary>
    public Task<List<string>> RowsAsync(string table) => QueryAsync(
        $"SELECT concat(toString(run), ' ', toString(sequence), ' ', toString(log_partition), ' ', toString(log_offset), ' ', toString(ts), ' ', hex(event), ' ', hex(data)) FROM `{table}` ORDER BY sequence",
        $"SELECT concat_ws(' ', run, sequence, log_partition, log_offset, ts, encode(event, 'hex'), encode(data, 'hex')) FROM \"{table}\" ORDER BY sequence");

    /// <summary>Rows that expired, all acts added up.</summary>
    public async Task<long> ExpiredAsync(string table) => long.Parse(
        (await QueryAsync(
            $"SELECT toString(sum(rows)) FROM expired WHERE topic = '{table}'",
            $"SELECT coalesce(sum(rows), 0)::text FROM expired WHERE topic = '{table}'"))[0],
        System.Globalization.CultureInfo.InvariantCulture);

    public async Task<List<string>> QueryAsync(string clickHouse, string postgres)
    {
        List<string> rows = [];
        if (Store is ClickHouseStore engine)
        {
            await using Stream result = await engine.Engine.QueryAsync(clickHouse, new Dictionary<string, string>(), "TSV", Cancel);
            using StreamReader reader = new(result);
            while (await reader.ReadLineAsync(Cancel) is { } line)
            {
                rows.Add(line);
            }

            return rows;
        }

        await using NpgsqlCommand command = ((PostgresStore)Store).DataSource.CreateCommand(postgres);
        await using NpgsqlDataReader read = await command.ExecuteReaderAsync(Cancel);
        while (await read.ReadAsync(Cancel))
        {
            rows.Add(read.GetString(0));
        }

        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
