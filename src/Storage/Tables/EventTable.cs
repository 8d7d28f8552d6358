using System.Collections.Frozen;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Protocols.Sql;

namespace ECapture.Storage.Tables;

/// <summary>
/// The table of a topic: the one place that says which columns there are. The migrations make the same tables; a test compares.
/// </summary>
public sealed class EventTable
{
    private const ulong UnknownUid = uint.MaxValue;
    private const int ClientRandomLength = 32;

    private static readonly FrozenDictionary<string, EventTable> ByTopic =
        Topics.All.Select(topic => new EventTable(topic)).ToFrozenDictionary(table => table.Name, StringComparer.Ordinal);

    private EventTable(string name)
    {
        Name = name;
        Columns = [.. CommonColumns(), .. ColumnsOf(name), .. LastColumns(name), .. AddedColumns(name)];
        ColumnList = string.Join(", ", Columns.Select(column => column.Name));
    }

    /// <summary>Name of the table and of its topic.</summary>
    public string Name { get; }

    /// <summary>The columns in their order.</summary>
    public IReadOnlyList<Column> Columns { get; }

    /// <summary>The columns' names, separated by commas, for INSERT and COPY.</summary>
    public string ColumnList { get; }

    /// <summary>The tables of all topics that this version knows.</summary>
    public static IEnumerable<EventTable> All => Topics.All.Select(topic => ByTopic[topic]);

    /// <summary>The table of a topic, or null when this version does not know the topic.</summary>
    public static EventTable? Of(string topic) => ByTopic.GetValueOrDefault(topic);

    private static Column[] CommonColumns() =>
    [
        new UuidColumn("run", static (in EventRow r) => r.Fields.Run.Of(r.Bytes)),
        new NumberColumn("partition", "UInt16", "integer", static (in EventRow r) => Cap16(r.Fields.Partition)),
        new NumberColumn("sequence", "UInt64", "bigint", static (in EventRow r) => r.Fields.Sequence),
        new NumberColumn("log_partition", "UInt16", "integer", static (in EventRow r) => (ulong)r.LogPartition),
        new NumberColumn("log_offset", "UInt64", "bigint", static (in EventRow r) => (ulong)r.LogOffset),
        new NumberColumn("schema", "UInt16", "integer", static (in EventRow r) => Cap16(r.Fields.Schema)),
        new TextColumn("tenant", "LowCardinality(String)", static (in EventRow r) => r.Fields.Tenant.Of(r.Bytes)),
        new TextColumn("host", "LowCardinality(String)", static (in EventRow r) => r.Fields.Host.Of(r.Bytes)),
        new UuidColumn("boot", static (in EventRow r) => r.Fields.Boot.Of(r.Bytes)),
        new TimeColumn("ts", static (in EventRow r) => r.Fields.WallNs),
        new NumberColumn("boot_ns", "UInt64", "bigint", static (in EventRow r) => r.Fields.BootNs),
        new NumberColumn("pid", "UInt32", "bigint", static (in EventRow r) => r.Fields.Pid),
        new NumberColumn("uid", "UInt32", "bigint", static (in EventRow r) => r.Fields.HasProcess ? r.Fields.Uid : UnknownUid),
        new NumberColumn("process_start", "UInt64", "bigint", static (in EventRow r) => r.Fields.ProcessStartNs),
        new BytesColumn("process", "LowCardinality(String)", static (in EventRow r) => r.Fields.ProcessName.Of(r.Bytes)),
        new NumberColumn("connection", "UInt64", "bigint", static (in EventRow r) => r.Fields.Connection),
        new NumberColumn("flow", "UInt64", "bigint", static (in EventRow r) => r.Fields.FlowId),
        new NumberColumn("netns", "UInt32", "bigint", static (in EventRow r) => r.Fields.NetworkNamespace),
        new AddressColumn("local_address", static (in EventRow r) => r.Fields.LocalAddress.Of(r.Bytes)),
        new NumberColumn("local_port", "UInt16", "integer", static (in EventRow r) => Port(r.Fields.LocalPort)),
        new AddressColumn("remote_address", static (in EventRow r) => r.Fields.RemoteAddress.Of(r.Bytes)),
        new NumberColumn("remote_port", "UInt16", "integer", static (in EventRow r) => Port(r.Fields.RemotePort)),
        new NumberColumn("protocol", "UInt8", "smallint", static (in EventRow r) => Small(r.Fields.Protocol)),
        new NumberColumn("kind", "UInt8", "smallint", static (in EventRow r) => Small(r.Fields.Payload.Kind)),
    ];

    private static Column[] LastColumns(string topic) =>
    [
        new BytesColumn("data", "String", static (in EventRow r) => r.Fields.Payload.Main.Of(r.Bytes)) { HasTextIndex = topic is Topics.Bash or Topics.Zsh or Topics.Postgres or Topics.Mysqld },
        new RestColumn("event"),
        new NumberColumn("data_at", "UInt32", "integer", static (in EventRow r) => (ulong)r.Fields.Payload.Main.Start),
    ];

    // Later migrations: PostgreSQL adds columns at the end only.
    private static Column[] AddedColumns(string topic) => topic switch
    {
        Topics.Secret => [new TextColumn("sealed_to", "LowCardinality(String)", static (in EventRow r) => r.Fields.Payload.SealedTo.Of(r.Bytes))],
        Topics.Postgres => [Fingerprint(SqlDialect.Postgres)],
        Topics.Mysqld => [Fingerprint(SqlDialect.MySql)],
        _ => [],
    };

    private static Column[] ColumnsOf(string topic) => topic switch
    {
        Topics.Tls or Topics.GnuTls or Topics.GoTls or Topics.Nss => [Direction(), new NumberColumn("stream_offset", "UInt64", "bigint", static (in EventRow r) => r.Fields.Payload.StreamOffset)],
        Topics.Secret => [new TextColumn("label", "LowCardinality(String)", static (in EventRow r) => r.Fields.Payload.Label.Of(r.Bytes)), ClientRandom()],
        Topics.Packet =>
        [
            new TextColumn("interface", "LowCardinality(String)", static (in EventRow r) => r.Fields.Payload.Interface.Of(r.Bytes)),
            Direction(),
            new NumberColumn("original_length", "UInt32", "bigint", static (in EventRow r) => r.Fields.Payload.OriginalLength),
        ],
        Topics.Connection =>
        [
            State(),
            ClientRandom(),
            new BytesColumn("server_name", "String", static (in EventRow r) => r.Fields.Payload.ServerName.Of(r.Bytes)),
            new NumberColumn("from_ns", "UInt64", "bigint", static (in EventRow r) => r.Fields.Payload.FromNs),
            new NumberColumn("to_ns", "UInt64", "bigint", static (in EventRow r) => r.Fields.Payload.ToNs),
        ],
        Topics.Bash or Topics.Zsh =>
        [
            new NumberColumn("command", "UInt64", "bigint", static (in EventRow r) => r.Fields.Payload.Command),
            new BytesColumn("directory", "String", static (in EventRow r) => r.Fields.Payload.Directory.Of(r.Bytes)),
            new BytesColumn("terminal", "String", static (in EventRow r) => r.Fields.Payload.Terminal.Of(r.Bytes)),
            ExitStatus(Event.ShellResultFieldNumber),
        ],
        Topics.Process =>
        [
            new BytesColumn("executable", "String", static (in EventRow r) => r.Fields.Payload.Executable.Of(r.Bytes)),
            ExitStatus(Event.ProcessExitFieldNumber),
        ],
        Topics.Postgres => Sql(),
        Topics.Mysqld => [.. Sql(), new NumberColumn("error_number", "UInt16", "integer", static (in EventRow r) => Cap16(r.Fields.Payload.ErrorNumber))],
        Topics.Http =>
        [
            new BytesColumn("method", "LowCardinality(String)", static (in EventRow r) => r.Fields.Payload.Label.Of(r.Bytes)),
            new BytesColumn("http_host", "String", static (in EventRow r) => r.Fields.Payload.ServerName.Of(r.Bytes)),
            new BytesColumn("path", "String", static (in EventRow r) => r.Fields.Payload.Executable.Of(r.Bytes)),
            new OptionalNumberColumn("status", "UInt16", "integer", static (in EventRow r, out ulong value) => (value = Cap16(r.Fields.Payload.ErrorNumber)) != 0),
            new NumberColumn("duration_ns", "UInt64", "bigint", static (in EventRow r) => r.Fields.Payload.DurationNs),
            new NumberColumn("request_bytes", "UInt64", "bigint", static (in EventRow r) => r.Fields.Payload.Records),
            new NumberColumn("response_bytes", "UInt64", "bigint", static (in EventRow r) => r.Fields.Payload.Bytes),
            new BytesColumn("response_type", "String", static (in EventRow r) => r.Fields.Payload.Detail.Of(r.Bytes)),
        ],
        Topics.Agent =>
        [
            State(),
            new TextColumn("module", "LowCardinality(String)", static (in EventRow r) => r.Fields.Payload.Module.Of(r.Bytes)),
            Detail(),
            new NumberColumn("records", "UInt64", "bigint", static (in EventRow r) => r.Fields.Payload.Records),
        ],
        Topics.Access =>
        [
            Action(),
            Actor(),
            new TextColumn("role", "LowCardinality(String)", static (in EventRow r) => r.Fields.Payload.Module.Of(r.Bytes)),
            new TextColumn("origin", "String", static (in EventRow r) => r.Fields.Payload.Client.Of(r.Bytes)),
            new TextColumn("filter", "String", static (in EventRow r) => r.Fields.Payload.Directory.Of(r.Bytes)),
            new NumberColumn("outcome", "UInt8", "smallint", static (in EventRow r) => Small(r.Fields.Payload.Outcome)),
            Rows(),
            Size(),
            new NumberColumn("keys", "UInt64", "bigint", static (in EventRow r) => r.Fields.Payload.Records),
            new TextColumn("reason", "String", static (in EventRow r) => r.Fields.Payload.ErrorCode.Of(r.Bytes)),
            Detail(),
        ],
        Topics.Control =>
        [
            Action(),
            new TextColumn("subject", "String", static (in EventRow r) => r.Fields.Payload.Module.Of(r.Bytes)),
            Actor(),
            Rows(),
            Size(),
            Detail(),
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(topic), topic, "no columns are defined for this topic"),
    };

    private static Column[] Sql() =>
    [
        new BytesColumn("db_user", "String", static (in EventRow r) => r.Fields.Payload.User.Of(r.Bytes)),
        new BytesColumn("db_name", "String", static (in EventRow r) => r.Fields.Payload.Database.Of(r.Bytes)),
        new BytesColumn("client", "String", static (in EventRow r) => r.Fields.Payload.Client.Of(r.Bytes)),
        new BytesColumn("command_tag", "String", static (in EventRow r) => r.Fields.Payload.CommandTag.Of(r.Bytes)),
        Rows(),
        new NumberColumn("outcome", "UInt8", "smallint", static (in EventRow r) => Small(r.Fields.Payload.Outcome)),
        new TextColumn("error_code", "LowCardinality(String)", static (in EventRow r) => r.Fields.Payload.ErrorCode.Of(r.Bytes)),
        new NumberColumn("duration_ns", "UInt64", "bigint", static (in EventRow r) => r.Fields.Payload.DurationNs),
    ];

    private static OptionalNumberColumn Rows() => new("rows", "UInt64", "bigint", static (in EventRow r, out ulong value) =>
    {
        value = r.Fields.Payload.Rows;
        return r.Fields.Payload.HasRows;
    });

    private static NumberColumn Fingerprint(SqlDialect dialect) =>
        new("fingerprint", "UInt64", "bigint", (in EventRow r) => SqlFingerprint.Of(r.Fields.Payload.Main.Of(r.Bytes), dialect));

    private static NumberColumn Size() => new("bytes", "UInt64", "bigint", static (in EventRow r) => r.Fields.Payload.Bytes);

    private static TextColumn Action() => new("action", "LowCardinality(String)", static (in EventRow r) => r.Fields.Payload.Label.Of(r.Bytes));

    private static TextColumn Actor() => new("actor", "LowCardinality(String)", static (in EventRow r) => r.Fields.Payload.User.Of(r.Bytes));

    private static TextColumn Detail() => new("detail", "String", static (in EventRow r) => r.Fields.Payload.Detail.Of(r.Bytes));

    private static NumberColumn Direction() => new("direction", "UInt8", "smallint", static (in EventRow r) => Small(r.Fields.Payload.Direction));

    private static NumberColumn State() => new("state", "UInt8", "smallint", static (in EventRow r) => Small(r.Fields.Payload.State));

    // PostgreSQL indexes it, and an index entry that is too long would fail the batch: what is no client random is left out.
    private static BytesColumn ClientRandom() => new("client_random", "String", static (in EventRow r) =>
        r.Fields.Payload.ClientRandom.Length == ClientRandomLength ? r.Fields.Payload.ClientRandom.Of(r.Bytes) : default);

    private static OptionalNumberColumn ExitStatus(uint kind) => new("exit_status", "Int32", "integer", (in EventRow r, out ulong value) =>
    {
        value = (uint)r.Fields.Payload.ExitStatus;
        return r.Fields.Payload.Kind == kind;
    });

    // Values that the types cannot hold are unknown (0), not something else.
    private static ulong Port(uint value) => value <= ushort.MaxValue ? value : 0;

    private static ulong Small(uint value) => value <= byte.MaxValue ? value : 0;

    private static ulong Cap16(uint value) => Math.Min(value, ushort.MaxValue);
}
