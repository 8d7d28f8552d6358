using System.Globalization;
using System.Text;
using ECapture.Events.Formatting;
using ECapture.Events.V1;
using ECapture.Storage.Reading;
using Google.Protobuf;

namespace ECapture.Query.Formatting;

/// <summary>What an event says, in one line without control characters.</summary>
internal static class EventSummary
{
    public static string Of(StoredEvent stored)
    {
        Event e = stored.Event;
        return e.PayloadCase switch
        {
            Event.PayloadOneofCase.TlsData => $"{Arrow(e.TlsData.Direction)} {Text(e.TlsData.Data)}",
            Event.PayloadOneofCase.TlsSecret => $"{Printable.Of(e.TlsSecret.Label)} {Short(e.TlsSecret.ClientRandom)}",
            Event.PayloadOneofCase.Packet => Format($"{Arrow(e.Packet.Direction)} {Printable.Of(e.Packet.Interface)} {e.Packet.OriginalLength} bytes"),
            Event.PayloadOneofCase.ConnectionState => e.ConnectionState.State.ToString().ToLowerInvariant(),
            Event.PayloadOneofCase.ConnectionLink => Link(e.ConnectionLink),
            Event.PayloadOneofCase.ShellCommand => Text(e.ShellCommand.Text) + Exit(stored.Result),
            Event.PayloadOneofCase.ShellResult => Format($"exit {e.ShellResult.ExitStatus} of command {EventView.Id(e.ShellResult.Command)}"),
            Event.PayloadOneofCase.ProcessExec => Arguments(e.ProcessExec) + Exit(stored.Result),
            Event.PayloadOneofCase.ProcessExit => Format($"exit {e.ProcessExit.ExitStatus}"),
            Event.PayloadOneofCase.SqlStatement => Sql(e.SqlStatement),
            Event.PayloadOneofCase.Checkpoint => Format($"checkpoint of {e.Checkpoint.Streams.Count} streams"),
            Event.PayloadOneofCase.Loss => Format($"lost {e.Loss.Records} records at {Printable.Of(e.Loss.Where)}: {Printable.Of(e.Loss.Why)}"),
            Event.PayloadOneofCase.Coverage => $"not captured: {Printable.Of(e.Coverage.Subject)} {Text(e.Coverage.Target)}: {Printable.Of(e.Coverage.Reason)}",
            Event.PayloadOneofCase.AgentState => Agent(e.AgentState),
            Event.PayloadOneofCase.Access => Access(e.Access),
            Event.PayloadOneofCase.Control => Control(e.Control),
            Event.PayloadOneofCase.HttpExchange => Http(e.HttpExchange),
            Event.PayloadOneofCase.WebSocketMessage => Format($"{Arrow(e.WebSocketMessage.Direction)} websocket {e.WebSocketMessage.Opcode}, {e.WebSocketMessage.Length} bytes ") + Text(e.WebSocketMessage.Data),
            _ => "an event of a newer schema",
        };
    }

    private static string Sql(SqlStatement sql)
    {
        var line = new StringBuilder();
        line.Append(Text(sql.User)).Append('@').Append(Text(sql.Database)).Append(' ').Append(Text(sql.Statement));
        if (sql.Parameters.Count > 0)
        {
            line.Append(" [").AppendJoin(", ", sql.Parameters.Select(p => p.Format switch
            {
                SqlStatement.Types.Parameter.Types.Format.Null => "NULL",
                SqlStatement.Types.Parameter.Types.Format.Binary => "0x" + Convert.ToHexStringLower(p.Value.Span),
                _ => Text(p.Value),
            })).Append(']');
        }

        line.Append(sql.Outcome switch
        {
            SqlStatement.Types.Outcome.Error => $" -> error {Printable.Of(sql.ErrorCode)} {Text(sql.ErrorMessage)}",
            SqlStatement.Types.Outcome.Incomplete => " -> incomplete",
            _ => sql.HasRows ? Format($" -> {sql.Rows} rows") : $" -> {Text(sql.CommandTag)}",
        });
        return line.Append(CultureInfo.InvariantCulture, $" in {sql.DurationNs / 1e6:0.###} ms").ToString();
    }

    private static string Http(HttpTransaction http)
    {
        string request = http.Method.IsEmpty ? "? request not captured" : $"{Text(http.Method)} {Text(http.Host)}{Text(http.Path)}";
        string status = http.Status == 0 ? "no response" : Format($"{http.Status}");
        return request + Format($" -> {status}, {http.ResponseBytes} bytes in {http.DurationNs / 1e6:0.###} ms") + (http.Problems.Count > 0 ? $" ({string.Join(", ", http.Problems.Select(p => Printable.Of(p)))})" : "");
    }

    private static string Agent(AgentState agent)
    {
        string state = agent.State switch
        {
            AgentState.Types.State.ModuleStarted => "module started",
            AgentState.Types.State.ModuleFailed => "module failed",
            AgentState.Types.State.ClockStep => "clock step",
            _ => agent.State.ToString().ToLowerInvariant(),
        };
        return Printable.Of($"{state} {agent.Module} {agent.Detail}".TrimEnd());
    }

    private static string Access(Access access)
    {
        var line = new StringBuilder();
        line.Append(access.Actor).Append(access.Role.Length > 0 ? $" ({access.Role})" : "").Append(access.From.Length > 0 ? $" from {access.From}" : "")
            .Append(' ').Append(access.Action).Append(access.Filter.Length > 0 ? $" {access.Filter}" : "")
            .Append(' ').Append(access.Outcome.ToString().ToLowerInvariant())
            .Append(Amount(access.HasRows, access.Rows, access.Bytes)).Append(access.Keys > 0 ? Format($", {access.Keys} keys") : "")
            .Append(access.Reason.Length > 0 ? $", reason: {access.Reason}" : "").Append(access.Detail.Length > 0 ? $": {access.Detail}" : "");
        return Printable.Of(line.ToString());
    }

    private static string Control(Control control) => Printable.Of(
        $"{control.Action} {control.Subject} by {control.Actor}{Amount(control.HasRows, control.Rows, control.Bytes)}{(control.Detail.Length > 0 ? $": {control.Detail}" : "")}");

    private static string Amount(bool hasRows, ulong rows, ulong bytes) =>
        (hasRows ? Format($", {rows} rows") : "") + (bytes > 0 ? Format($", {bytes} bytes") : "");

    private static string Link(ConnectionLink link)
    {
        var line = new StringBuilder("link ").Append(link.Source.ToString().ToLowerInvariant());
        if (link.ServerName.Length > 0)
        {
            line.Append(' ').Append(Text(link.ServerName));
        }

        return link.ClientRandom.Length > 0 ? line.Append(' ').Append(Short(link.ClientRandom)).ToString() : line.ToString();
    }

    private static string Arguments(ProcessExec exec) => exec.Arguments.Count == 0
        ? Text(exec.Executable)
        : string.Join(' ', exec.Arguments.Select(Text)) + (exec.ArgumentsCut ? " …" : "");

    private static string Exit(StoredResult? result) => result is null ? "" : Format($" (exit {result.ExitStatus})");

    private static string Arrow(Direction direction) => direction switch
    {
        Direction.Sent => ">",
        Direction.Received => "<",
        _ => "-",
    };

    private static string Short(ByteString bytes) => Convert.ToHexStringLower(bytes.Span[..Math.Min(8, bytes.Length)]) + "…";

    private static string Text(ByteString bytes) => Printable.Of(bytes.Span);

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
