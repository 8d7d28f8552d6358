using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Tests.Support.Events;

/// <summary>Events of every payload with arbitrary fields, the same for the same seed.</summary>
public sealed class RandomEvents(int seed)
{
    private static readonly DateTimeOffset Midnight = new(2026, 11, 20, 0, 0, 0, TimeSpan.Zero);

    private readonly Random _random = new(seed);

    /// <summary>The payloads of a topic.</summary>
    public static IReadOnlyList<Event.PayloadOneofCase> PayloadsOf(string topic) => topic switch
    {
        Topics.Tls or Topics.GnuTls or Topics.GoTls or Topics.Nss => [Event.PayloadOneofCase.TlsData],
        Topics.Http => [Event.PayloadOneofCase.HttpExchange, Event.PayloadOneofCase.WebSocketMessage],
        Topics.Secret => [Event.PayloadOneofCase.TlsSecret],
        Topics.Packet => [Event.PayloadOneofCase.Packet],
        Topics.Connection => [Event.PayloadOneofCase.ConnectionState, Event.PayloadOneofCase.ConnectionLink],
        Topics.Bash or Topics.Zsh => [Event.PayloadOneofCase.ShellCommand, Event.PayloadOneofCase.ShellResult],
        Topics.Process => [Event.PayloadOneofCase.ProcessExec, Event.PayloadOneofCase.ProcessExit],
        Topics.Postgres or Topics.Mysqld => [Event.PayloadOneofCase.SqlStatement],
        Topics.Agent => [Event.PayloadOneofCase.Checkpoint, Event.PayloadOneofCase.Loss, Event.PayloadOneofCase.Coverage, Event.PayloadOneofCase.AgentState],
        Topics.Access => [Event.PayloadOneofCase.Access],
        Topics.Control => [Event.PayloadOneofCase.Control],
        _ => throw new ArgumentOutOfRangeException(nameof(topic)),
    };

    /// <summary>An event as an agent would make it, of any payload of the topic.</summary>
    public Event Next(string topic, Guid run, ulong sequence, uint partition = 0)
    {
        IReadOnlyList<Event.PayloadOneofCase> payloads = PayloadsOf(topic);
        Event made = new()
        {
            Run = ByteString.CopyFrom(run.ToByteArray(bigEndian: true)),
            Topic = topic,
            Partition = partition,
            Sequence = sequence,
            Schema = 1,
            Tenant = Maybe() ? "tenant" : "",
            Host = $"host-{_random.Next(3)}",
            Boot = Bytes(16),
            BootNs = (ulong)_random.NextInt64(),
            WallNs = (ulong)(Midnight.ToUnixTimeMilliseconds() * 1_000_000) + (ulong)_random.NextInt64(3 * 86_400_000_000_000L),
            Connection = Maybe() ? Number() : 0,
        };
        if (Maybe())
        {
            made.Process = new Process { Pid = Small(), StartNs = Number(), Name = Bytes(_random.Next(16)), Uid = Small(), Tid = Small() };
        }

        if (Maybe())
        {
            int length = Maybe() ? 4 : 16;
            made.Flow = new Flow
            {
                LocalAddress = Bytes(length),
                LocalPort = (uint)_random.Next(65536),
                RemoteAddress = Bytes(length),
                RemotePort = (uint)_random.Next(65536),
                Protocol = Maybe() ? 6u : 17u,
                NetworkNamespace = Small(),
                Id = Number(),
            };
        }

        if (Maybe())
        {
            made.Truncation = new Truncation { Length = Number(), Sha256 = Bytes(32) };
        }

        SetPayload(made, payloads[_random.Next(payloads.Count)]);
        return made;
    }

    /// <summary>An event of any topic.</summary>
    public Event Next() => Next(Topics.All[_random.Next(Topics.All.Count)], Guid.CreateVersion7(), Number() >> 1, (uint)_random.Next(4));

    private void SetPayload(Event made, Event.PayloadOneofCase payload)
    {
        switch (payload)
        {
            case Event.PayloadOneofCase.TlsData:
                made.TlsData = new TlsData { Direction = (Direction)_random.Next(3), Library = "openssl", Offset = Number(), Data = Blob() };
                break;
            case Event.PayloadOneofCase.TlsSecret:
                made.TlsSecret = new TlsSecret { Label = "CLIENT_TRAFFIC_SECRET_0", ClientRandom = Bytes(32), Secret = Bytes(48), Library = Text() };
                if (Maybe())
                {
                    made.TlsSecret.Secret = ByteString.Empty;
                    made.TlsSecret.Sealed = new SealedSecret { Recipients = "0123456789abcdef", Number = Number(), Ciphertext = Bytes(64) };
                    made.TlsSecret.Sealed.Keys.Add(new SealedSecret.Types.WrappedKey { Encapsulated = Bytes(65), DataKey = Bytes(48) });
                }

                break;
            case Event.PayloadOneofCase.Packet:
                made.Packet = new Packet
                {
                    Interface = "eth0",
                    InterfaceIndex = Small(),
                    Direction = (Direction)_random.Next(3),
                    LinkType = 1,
                    OriginalLength = Small(),
                    Data = Blob(),
                };
                break;
            case Event.PayloadOneofCase.ConnectionState:
                made.ConnectionState = new ConnectionState { State = (ConnectionState.Types.State)_random.Next(5) };
                break;
            case Event.PayloadOneofCase.ConnectionLink:
                made.ConnectionLink = new ConnectionLink
                {
                    Source = ConnectionLink.Types.Source.Wire,
                    ClientRandom = Maybe() ? Bytes(32) : ByteString.Empty,
                    ServerName = Bytes(_random.Next(20)),
                    FromNs = Number(),
                    ToNs = Number(),
                };
                break;
            case Event.PayloadOneofCase.ShellCommand:
                made.ShellCommand = new ShellCommand
                {
                    Kind = ShellCommand.Types.Kind.Exec,
                    Shell = "bash",
                    Command = Number(),
                    Text = Blob(),
                    Directory = Bytes(_random.Next(30)),
                    Terminal = Bytes(_random.Next(6)),
                    Parent = Small(),
                    Session = Small(),
                    LoginUid = Small(),
                    Executable = Bytes(9),
                };
                made.ShellCommand.Arguments.Add([Bytes(2), Bytes(0), Bytes(7)]);
                break;
            case Event.PayloadOneofCase.ShellResult:
                made.ShellResult = new ShellResult { Command = Number(), ExitStatus = _random.Next(-3, 256), Signal = Small(), DurationNs = Number() };
                break;
            case Event.PayloadOneofCase.ProcessExec:
                made.ProcessExec = new ProcessExec
                {
                    Parent = Small(),
                    ParentStartNs = Number(),
                    Executable = Bytes(12),
                    ArgumentsCut = Maybe(),
                    Directory = Bytes(5),
                    Cgroup = Bytes(4),
                    Container = Text(),
                };
                made.ProcessExec.Arguments.Add([Bytes(3), Bytes(300)]);
                break;
            case Event.PayloadOneofCase.ProcessExit:
                made.ProcessExit = new ProcessExit { ExitStatus = _random.Next(-3, 256), Signal = Small(), DurationNs = Number() };
                break;
            case Event.PayloadOneofCase.SqlStatement:
                made.SqlStatement = new SqlStatement
                {
                    System = "postgresql",
                    Kind = SqlStatement.Types.Kind.Prepared,
                    User = Bytes(5),
                    Database = Bytes(6),
                    Application = Bytes(4),
                    Client = Bytes(9),
                    Statement = Blob(),
                    CommandTag = Bytes(8),
                    Outcome = (SqlStatement.Types.Outcome)_random.Next(4),
                    ErrorCode = Text(),
                    ErrorMessage = Bytes(10),
                    DurationNs = Number(),
                    Name = Bytes(2),
                    ErrorNumber = Small(),
                };
                if (Maybe())
                {
                    made.SqlStatement.Rows = Number();
                }

                made.SqlStatement.Parameters.Add(new SqlStatement.Types.Parameter { Type = Small(), Value = Bytes(7) });
                break;
            case Event.PayloadOneofCase.Checkpoint:
                made.Checkpoint = new Checkpoint();
                made.Checkpoint.Streams.Add(new Checkpoint.Types.Stream { Topic = Text(), Partition = Small(), LastSequence = Number(), Count = Number(), Sha256 = Bytes(32) });
                break;
            case Event.PayloadOneofCase.Loss:
                made.Loss = new Loss { Where = "ring:tls", Why = Text(), Records = Number(), FromNs = Number(), ToNs = Number(), Cpu = Small() };
                break;
            case Event.PayloadOneofCase.Coverage:
                made.Coverage = new Coverage { Subject = "library", Target = Bytes(20), Reason = Text() };
                break;
            case Event.PayloadOneofCase.AgentState:
                made.AgentState = new AgentState { State = AgentState.Types.State.Started, Module = "tls", Detail = Text(), Version = "1", Kernel = Text() };
                break;
            case Event.PayloadOneofCase.Access:
                made.Access = new Access
                {
                    Actor = Text(),
                    Role = "analyst",
                    From = Text(),
                    Action = "pcapng",
                    Filter = Text(),
                    Outcome = (Access.Types.Outcome)_random.Next(5),
                    Bytes = Number(),
                    Keys = Number(),
                    Reason = Text(),
                    Detail = Text(),
                };
                if (Maybe())
                {
                    made.Access.Rows = Number();
                }

                break;
            case Event.PayloadOneofCase.Control:
                made.Control = new Control { Action = "retention.drop", Subject = Text(), Actor = Text(), Bytes = Number(), Detail = Text() };
                if (Maybe())
                {
                    made.Control.Rows = Number();
                }

                break;
            case Event.PayloadOneofCase.HttpExchange:
                made.HttpExchange = new HttpTransaction
                {
                    Role = HttpTransaction.Types.Role.Client,
                    Version = 11,
                    Method = Bytes(3),
                    Host = Bytes(_random.Next(20)),
                    Path = Bytes(_random.Next(300)),
                    Status = Maybe() ? Small() : 0,
                    DurationNs = Number(),
                    RequestBytes = Number(),
                    ResponseBytes = Number(),
                    ResponseType = Bytes(8),
                    ResponseBody = Blob(),
                    Topic = "tls",
                };
                made.HttpExchange.RequestHeaders.Add(new HttpTransaction.Types.Header { Name = Bytes(4), Value = Bytes(9) });
                made.HttpExchange.Problems.Add("gap");
                break;
            case Event.PayloadOneofCase.WebSocketMessage:
                made.WebSocketMessage = new WebSocketData { Direction = (Direction)_random.Next(3), Opcode = "text", Length = Number(), Data = Blob() };
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(payload));
        }
    }

    private bool Maybe() => _random.Next(2) == 0;

    private uint Small() => (uint)_random.Next(100_000);

    // Small, large and full-width values: varints of every length.
    private ulong Number() => (ulong)_random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(64);

    private string Text() => new([.. Enumerable.Range(0, _random.Next(12)).Select(_ => "aZ 9é\u0000\u4E2D'\\\t"[_random.Next(9)])]);

    private ByteString Bytes(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }

    private ByteString Blob() => Bytes(_random.Next(8) switch
    {
        0 => 0,
        1 => _random.Next(20_000),
        _ => _random.Next(600),
    });
}
