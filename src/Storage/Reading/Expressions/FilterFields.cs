using ECapture.Events;
using ECapture.Events.V1;
using Type = ECapture.Storage.Reading.Expressions.FilterFieldType;

namespace ECapture.Storage.Reading.Expressions;

/// <summary>The fields of the filter language. A module that lacks a field's columns lacks the field: comparisons with it are false there.</summary>
public static class FilterFields
{
    private const string Sql = "db_user";
    private const string Shell = "command";
    private const string Http = "http_host";

    /// <summary>Every field, in the order in which tools list them.</summary>
    public static IReadOnlyList<FilterField> All { get; } =
    [
        new("module", Type.Choice, "Module that captured it.", "module == tls", [], choices: [.. Topics.All.Select((t, i) => (t, (long)i))]),
        new("host", Type.Text, "Host name.", "host == \"web1\"", ["host"]),
        new("tenant", Type.Text, "Tenant.", "tenant == \"acme\"", ["tenant"]),
        new("process", Type.Text, "Name of the process (comm, 15 bytes).", "process == \"curl\"", ["process"]),
        new("pid", Type.Number, "Process id.", "pid == 1234", ["pid"]),
        new("uid", Type.Number, "User id; 4294967295 is unknown.", "uid >= 1000", ["uid"]),
        new("address", Type.Address, "Address or prefix of either end.", "address == 10.0.0.0/8", ["local_address", "remote_address"]),
        new("local_address", Type.Address, "Address or prefix of the captured host's end.", "local_address == ::1", ["local_address"]),
        new("remote_address", Type.Address, "Address or prefix of the other end.", "remote_address == 192.0.2.7", ["remote_address"]),
        new("port", Type.Number, "Port of either end.", "port == 443", ["local_port", "remote_port"]),
        new("local_port", Type.Number, "Port of the captured host's end.", "local_port < 1024", ["local_port"]),
        new("remote_port", Type.Number, "Port of the other end.", "remote_port == 443", ["remote_port"]),
        new("protocol", Type.Choice, "tcp or udp.", "protocol == udp", ["protocol"], choices: [("tcp", 6), ("udp", 17)]),
        new("connection", Type.Id, "Connection id.", "connection == 8d1f00c300000001", ["connection"]),
        new("flow", Type.Id, "Flow id.", "flow == b3a1f00d12345678", ["flow"]),
        new("direction", Type.Choice, "sent or received.", "direction == sent", ["direction"],
            choices: [("received", (long)Direction.Received), ("sent", (long)Direction.Sent)]),
        new("interface", Type.Text, "Network interface of a packet.", "interface == \"eth0\"", ["interface"]),
        new("sni", Type.Text, "Server name that a TLS client asked for; module connection.", "sni ~ \"example.com\"", ["server_name"]),
        new("data", Type.Text, "The captured bytes: plaintext, statement, command, frame.", "data ~ \"login\"", ["data"], isPayload: true),
        new("http_method", Type.Text, "Method of a request; module http.", "http_method == \"POST\"", ["method"], Http),
        new("http_host", Type.Text, "Host that a request names.", "http_host == \"example.com\"", ["http_host"]),
        new("http_path", Type.Text, "Target of a request, with its query.", "http_path ~ \"/login\"", ["path"], Http, isPayload: true),
        new("http_status", Type.Number, "Status of the response, where it was seen.", "http_status >= 500", ["status"], Http),
        new("http_type", Type.Text, "Content-Type of the response.", "http_type ~ \"json\"", ["response_type"], Http, isPayload: true),
        new("http_duration", Type.Duration, "From the first byte of the request to the last of the response.", "http_duration > 1s", ["duration_ns"], Http),
        new("http_request_bytes", Type.Number, "Body of the request as transferred.", "http_request_bytes > 1000000", ["request_bytes"], Http),
        new("http_response_bytes", Type.Number, "Body of the response as transferred.", "http_response_bytes == 0", ["response_bytes"], Http),
        new("sql", Type.Text, "SQL statement.", "sql ~ \"drop table\"", ["data"], Sql, isPayload: true),
        new("sql_user", Type.Text, "Database user.", "sql_user == \"root\"", ["db_user"], Sql),
        new("sql_database", Type.Text, "Database.", "sql_database == \"shop\"", ["db_name"], Sql),
        new("sql_client", Type.Text, "Address of the database's client, or local.", "sql_client == \"local\"", ["client"], Sql),
        new("sql_tag", Type.Text, "Command tag of the answer.", "sql_tag == \"SELECT 1\"", ["command_tag"], Sql),
        new("sql_rows", Type.Number, "Rows returned or affected, where known.", "sql_rows > 10000", ["rows"], Sql),
        new("sql_outcome", Type.Choice, "ok, error or incomplete.", "sql_outcome == error", ["outcome"], Sql,
            choices: [
                ("ok", (long)SqlStatement.Types.Outcome.Ok), ("error", (long)SqlStatement.Types.Outcome.Error),
                ("incomplete", (long)SqlStatement.Types.Outcome.Incomplete),
            ]),
        new("sql_error", Type.Text, "SQLSTATE of a failed statement.", "sql_error == \"42P01\"", ["error_code"], Sql),
        new("sql_fingerprint", Type.Id, "What statements have in common that differ in their literals alone.", "sql_fingerprint == 8d1f00c300000001", ["fingerprint"], Sql, isPayload: true),
        new("sql_duration", Type.Duration, "From the statement to the last byte of its answer.", "sql_duration > 250ms", ["duration_ns"], Sql),
        new("command", Type.Text, "Line or command of a shell.", "command =~ \"^sudo \"", ["data"], Shell, isPayload: true),
        new("directory", Type.Text, "Working directory of a shell's command.", "directory == \"/root\"", ["directory"]),
        new("terminal", Type.Text, "Terminal of a shell's command.", "terminal == \"pts/3\"", ["terminal"]),
        new("exit_status", Type.Number, "How a command or process ended; of events that are ends.", "exit_status != 0", ["exit_status"]),
        new("executable", Type.Text, "Path of a process's program.", "executable ~ \"/tmp/\"", ["executable"]),
        new("detail", Type.Text, "What the agent or a service says of itself.", "detail ~ \"excluded\"", ["detail"]),
        new("action", Type.Text, "What was asked or done; modules access and control.", "action == \"hold.add\"", ["action"]),
        new("actor", Type.Text, "Who asked or did it; modules access and control.", "actor == \"local\"", ["actor"]),
        new("subject", Type.Text, "What it was done to; module control.", "subject ~ \"tls\"", ["subject"]),
        new("reason", Type.Text, "Why it was asked; module access.", "reason ~ \"INC-\"", ["reason"], isPayload: true),
    ];

    /// <summary>The operators of a type, as users write them.</summary>
    public static IReadOnlyList<string> OperatorsOf(Type type) => type switch
    {
        Type.Text => ["==", "!=", "~", "!~", "=~", "in"],
        Type.Number or Type.Duration => ["==", "!=", "<", "<=", ">", ">=", "in"],
        _ => ["==", "!=", "in"],
    };

    /// <summary>The field of a name, or null; <c>http.host</c> is <c>http_host</c>.</summary>
    public static FilterField? Find(string name) => All.FirstOrDefault(f => f.Name == name.Replace('.', '_'));
}
