using System.Globalization;
using System.Text.RegularExpressions;

namespace ECapture.Tests.Support.Kafka;

/// <summary>
/// A real Apache Kafka 0.9.0.1 broker with its ZooKeeper on free ports in a temporary folder. Topics are made when they are asked for, with
/// <see cref="Partitions"/> partitions unless it is told otherwise. It can be killed (-9) and started again on its data.
/// </summary>
public sealed partial class KafkaBroker : IAsyncDisposable
{
    /// <summary>Partitions of a topic that is made.</summary>
    public const int Partitions = 2;

    private const string NativeVariable = "ECAPTURE_NATIVE";
    private const string SetupFolder = "/usr/local/lib/ecapture";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-kafka-").FullName;
    private readonly string _classPath;
    private readonly int _partitions;
    private readonly TimeSpan _session;
    private JavaServer? _zooKeeper;
    private JavaServer? _broker;
    private int _zooKeeperPort;

    private KafkaBroker(string classPath, int port, int advertisedPort, int partitions, TimeSpan session)
    {
        _partitions = partitions;
        _session = session;
        _classPath = classPath;
        Port = port;
        AdvertisedPort = advertisedPort;
    }

    /// <summary>The broker's port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The port that clients are told to use: the broker's own, or that of a proxy before it.</summary>
    public int AdvertisedPort { get; }

    /// <summary>The broker's process.</summary>
    public int ProcessId => _broker!.Id;

    /// <summary>The address for this program, with the options that so old a broker needs.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture,
        $"kafka://127.0.0.1:{AdvertisedPort}?api.version.request=false&broker.version.fallback=0.9.0&session.timeout.ms=6000&heartbeat.interval.ms=300");

    /// <summary>Where the broker keeps what it was sent.</summary>
    public string LogDirectory => Path.Combine(_folder, "broker");

    /// <summary>Starts ZooKeeper and a broker that stays until it is disposed of: a busy machine does not part the two.</summary>
    /// <exception cref="InvalidOperationException">Java or Kafka is missing; says how to get it.</exception>
    public static Task<KafkaBroker> StartAsync(int partitions = Partitions) => StartAsync(null, partitions, TimeSpan.FromSeconds(10));

    /// <summary>Starts ZooKeeper and a broker that is killed and comes back: ZooKeeper forgets it after 1.5 s, which a busy machine may take to part the two.</summary>
    /// <param name="advertisedPort">The port of a proxy before it.</param>
    public static Task<KafkaBroker> StartToKillAsync(int? advertisedPort = null) => StartAsync(advertisedPort, Partitions, TimeSpan.FromSeconds(1.5));

    private static async Task<KafkaBroker> StartAsync(int? advertisedPort, int partitions, TimeSpan session)
    {
        int port = FreePort.Next();
        KafkaBroker broker = new(Libraries(), port, advertisedPort ?? port, partitions, session);
        try
        {
            await broker.StartZooKeeperAsync();
            await broker.StartBrokerAsync();
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Kills the broker without warning; ZooKeeper stays.</summary>
    public async Task KillAsync()
    {
        if (_broker is { } broker)
        {
            _broker = null;
            await broker.DisposeAsync();
        }
    }

    /// <summary>Stops the broker's process (SIGSTOP); its ZooKeeper session ends after 1.5 s.</summary>
    public void Freeze() => _broker?.Signal(19);

    /// <summary>Lets the broker's process go on (SIGCONT).</summary>
    public void Thaw() => _broker?.Signal(18);

    /// <summary>Makes a topic whose messages may have so many bytes.</summary>
    public Task CreateTopicAsync(string topic, int maxMessageBytes) => RunAsync(
        "kafka.admin.TopicCommand", "Created topic", "--create", "--topic", topic, "--partitions", "1", "--replication-factor", "1", "--config", Limit(maxMessageBytes));

    /// <summary>Changes how many bytes a topic's messages may have; it is in force soon.</summary>
    public Task AlterTopicAsync(string topic, int maxMessageBytes) => RunAsync(
        "kafka.admin.ConfigCommand", "Updated config", "--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config", Limit(maxMessageBytes));

    /// <summary>Starts the broker again on the same port and data.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        await StartBrokerAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (_zooKeeper is { } zooKeeper)
        {
            _zooKeeper = null;
            await zooKeeper.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string Libraries()
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, "java"))))
        {
            throw new InvalidOperationException("java is missing: run `make setup`, or: apt-get install default-jre-headless");
        }

        string folder = Path.Combine(Environment.GetEnvironmentVariable(NativeVariable) ?? SetupFolder, "kafka", "libs");
        return Directory.Exists(folder) && Directory.EnumerateFiles(folder, "kafka_*.jar").Any()
            ? Path.Combine(folder, "*")
            : throw new InvalidOperationException($"Kafka is missing in {folder}: run `make setup`, or: deploy/setup/kafka.sh");
    }

    private async Task StartZooKeeperAsync()
    {
        int port = _zooKeeperPort = FreePort.Next();
        string configuration = Write("zookeeper.properties", string.Create(CultureInfo.InvariantCulture, $"""
            dataDir={_folder}/zookeeper
            clientPort={port}
            clientPortAddress=127.0.0.1
            tickTime=500
            maxClientCnxns=0
            """));
        Write("server.properties", string.Create(CultureInfo.InvariantCulture, $"""
            broker.id=0
            listeners=PLAINTEXT://127.0.0.1:{Port}
            advertised.listeners=PLAINTEXT://127.0.0.1:{AdvertisedPort}
            log.dirs={_folder}/broker
            zookeeper.connect=127.0.0.1:{port}
            zookeeper.session.timeout.ms={_session.TotalMilliseconds}
            num.partitions={_partitions}
            default.replication.factor=1
            offsets.topic.num.partitions=1
            offsets.topic.replication.factor=1
            group.min.session.timeout.ms=500
            controlled.shutdown.enable=false
            """));
        _zooKeeper = Java("ZooKeeper", "binding to port", "org.apache.zookeeper.server.quorum.QuorumPeerMain", configuration);
        if (!await _zooKeeper.WaitUntilReadyAsync(StartLimit))
        {
            throw new InvalidOperationException($"ZooKeeper ended: {_zooKeeper.Output()}");
        }
    }

    // After a kill the broker finds itself still registered until its ZooKeeper session has ended, and gives up.
    private async Task StartBrokerAsync()
    {
        long until = Environment.TickCount64 + (long)StartLimit.TotalMilliseconds;
        while (true)
        {
            JavaServer broker = Java("Kafka", "[Kafka Server 0], started", "kafka.Kafka", Path.Combine(_folder, "server.properties"));
            if (await broker.WaitUntilReadyAsync(StartLimit))
            {
                _broker = broker;
                return;
            }

            string output = broker.Output();
            await broker.DisposeAsync();
            if (!output.Contains("already registered", StringComparison.Ordinal) || Environment.TickCount64 > until)
            {
                throw new InvalidOperationException($"Kafka ended: {output}");
            }

            await Task.Delay(300);
        }
    }

    private static string Limit(int bytes) => string.Create(CultureInfo.InvariantCulture, $"max.message.bytes={bytes}");

    private async Task RunAsync(string tool, string done, params string[] arguments)
    {
        await using JavaServer run = Java(tool, done, tool, ["--zookeeper", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_zooKeeperPort}"), .. arguments]);
        if (!await run.WaitUntilReadyAsync(StartLimit))
        {
            throw new InvalidOperationException($"{tool} did not say \"{done}\": {run.Output()}");
        }
    }

    private JavaServer Java(string name, string ready, string main, params string[] arguments)
    {
        string log = Write("log4j.properties", """
            log4j.rootLogger=INFO, out
            log4j.appender.out=org.apache.log4j.ConsoleAppender
            log4j.appender.out.layout=org.apache.log4j.PatternLayout
            log4j.appender.out.layout.ConversionPattern=[%d] %p %m (%c)%n
            """);
        return JavaServer.Start(name, ready, ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", $"-Dlog4j.configuration=file:{log}", "-cp", _classPath, main, .. arguments]);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, LeadingSpace().Replace(text, ""));
        return path;
    }

    [GeneratedRegex("^ +", RegexOptions.Multiline)]
    private static partial Regex LeadingSpace();
}
