using System.Buffers;
using System.Globalization;
using System.Text;
using ECapture.Events.Formatting;
using ECapture.Events.V1;

namespace ECapture.Terminal.Text;

/// <summary>
/// A block per item for people: a line that says when, who and where, then what. <c>&gt;</c> is what the process sent, <c>&lt;</c> what it received.
/// Captured bytes cannot control the terminal.
/// </summary>
internal sealed class TextFormat : IItemFormat
{
    private readonly StringBuilder _text = new();
    private readonly Ink _ink;
    private readonly BodyText _body;
    private readonly HttpText _http;

    internal TextFormat(TextOptions options)
        : this(new Live<TextOptions>(options), options.Colours)
    {
    }

    /// <summary>Follows options that may change; colours do not.</summary>
    internal TextFormat(Live<TextOptions> options, bool colours)
    {
        _ink = new Ink(colours);
        _body = new BodyText(options, _ink);
        _http = new HttpText(_body, _ink);
    }

    /// <inheritdoc/>
    public void Write(TerminalItem item, IBufferWriter<byte> output)
    {
        _text.Clear();
        switch (item)
        {
            case ExchangeItem exchange:
                Head(exchange, exchange.Exchange.StartedNs);
                _http.Append(_text, exchange.Exchange, exchange.Role);
                break;
            case MessageItem message:
                Head(message, message.Message.StartedNs);
                _http.Append(_text, message.Message);
                break;
            case DataItem data:
                Head(data, (long)data.Origin.WallNs);
                Data(data.Origin);
                break;
            case StatementItem statement:
                Head(statement, (long)statement.Origin.WallNs);
                Statement(statement.Origin);
                break;
            case CommandItem command:
                Head(command, (long)command.Origin.WallNs);
                Command(command.Origin);
                break;
            case CommandEndItem end:
                Head(end, (long)end.Origin.WallNs, end.Command.Process);
                End(end.Origin.ShellResult, end.Command);
                break;
            case NoticeItem notice:
                Notice(notice.Origin);
                break;
        }

        Encoding.UTF8.GetBytes(_text.ToString(), output);
    }

    private void Head(TerminalItem item, long time, Process? process = null)
    {
        Event origin = item.Origin;
        process ??= origin.Process;
        _ink.Append(_text, Timestamp.Format(time), Ink.Dim);
        _text.Append(' ');
        _ink.Append(_text, item.Topic, Ink.Cyan);
        if (process is not null)
        {
            _text.Append(' ').Append(Printable.Of(process.Name.Span)).Append(CultureInfo.InvariantCulture, $"[{process.Pid}] uid {process.Uid}");
        }

        if (origin.Flow is { } flow)
        {
            _text.Append(' ').Append(EventView.EndPoint(flow.LocalAddress, flow.LocalPort)).Append(" - ")
                .Append(EventView.EndPoint(flow.RemoteAddress, flow.RemotePort));
        }
    }

    private void Data(Event e)
    {
        bool isSent = e.TlsData.Direction == Direction.Sent;
        long length = (long)(e.Truncation?.Length ?? (ulong)e.TlsData.Data.Length);
        _text.Append(CultureInfo.InvariantCulture, $" {(isSent ? "sent" : "received")} {length} bytes\n");
        _body.Append(_text, e.TlsData.Data.Span, length, isSent ? "> " : "< ");
        _text.Append('\n');
    }

    private void Statement(Event e)
    {
        SqlStatement sql = e.SqlStatement;
        _text.Append(' ').Append(Printable.Of(sql.User.Span)).Append('@').Append(Printable.Of(sql.Database.Span))
            .Append(" from ").Append(Printable.Of(sql.Client.Span));
        if (sql.Application.Length > 0)
        {
            _text.Append(" (").Append(Printable.Of(sql.Application.Span)).Append(')');
        }

        _text.Append('\n');
        _body.Append(_text, sql.Statement.Span, (long)(e.Truncation?.Length ?? (ulong)sql.Statement.Length), "< ");
        for (int i = 0; i < sql.Parameters.Count; i++)
        {
            SqlStatement.Types.Parameter parameter = sql.Parameters[i];
            string value = parameter.Format switch
            {
                SqlStatement.Types.Parameter.Types.Format.Null => "NULL",
                SqlStatement.Types.Parameter.Types.Format.Binary => "0x" + Convert.ToHexStringLower(parameter.Value.Span),
                _ => _body.Line(parameter.Value.Span, parameter.Value.Length),
            };
            _text.Append(CultureInfo.InvariantCulture, $"<   ${i + 1} = {value}\n");
        }

        _text.Append("> ");
        switch (sql.Outcome)
        {
            case SqlStatement.Types.Outcome.Error:
                string number = sql.ErrorNumber == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{sql.ErrorNumber} ");
                _ink.Append(_text, $"error {number}{Printable.Of(sql.ErrorCode)} {Printable.Of(sql.ErrorMessage.Span)}", Ink.Red);
                break;
            case SqlStatement.Types.Outcome.Incomplete:
                _ink.Append(_text, "no answer seen", Ink.Yellow);
                break;
            default:
                _text.Append(sql.CommandTag.Length > 0 ? Printable.Of(sql.CommandTag.Span) : "ok");
                break;
        }

        if (sql.HasRows)
        {
            _text.Append(CultureInfo.InvariantCulture, $", {sql.Rows} rows");
        }

        _text.Append(CultureInfo.InvariantCulture, $", {sql.DurationNs / 1e6:0.###} ms\n\n");
    }

    private void Command(Event e)
    {
        ShellCommand command = e.ShellCommand;
        if (command.Terminal.Length > 0)
        {
            _text.Append(' ').Append(Printable.Of(command.Terminal.Span));
        }

        _text.Append(' ').Append(Printable.Of(command.Directory.Span));
        _ink.Append(_text, command.Kind == ShellCommand.Types.Kind.Line ? " $ " : " exec ", Ink.Green);
        ReadOnlySpan<byte> line = command.Text.Span;
        _text.Append(_body.Line(line, (long)(e.Truncation?.Length ?? (ulong)line.Length))).Append('\n');
    }

    private void End(ShellResult result, Event command)
    {
        string status = result.Signal == 0
            ? string.Create(CultureInfo.InvariantCulture, $" exit {result.ExitStatus}")
            : string.Create(CultureInfo.InvariantCulture, $" exit {result.ExitStatus} (signal {result.Signal})");
        _ink.Append(_text, status, result.ExitStatus == 0 ? Ink.Green : Ink.Red);
        ReadOnlySpan<byte> line = command.ShellCommand.Text.Span;
        long length = (long)(command.Truncation?.Length ?? (ulong)line.Length);
        _text.Append(CultureInfo.InvariantCulture, $" after {result.DurationNs / 1e6:0.###} ms: {_body.Line(line, length)}\n");
    }

    private void Notice(Event e)
    {
        string what = e.PayloadCase switch
        {
            Event.PayloadOneofCase.Loss => string.Create(CultureInfo.InvariantCulture, $"lost {e.Loss.Records} records at {e.Loss.Where}: {e.Loss.Why}"),
            Event.PayloadOneofCase.Coverage => $"not captured wholly: {e.Coverage.Subject} {e.Coverage.Target.ToStringUtf8()}: {e.Coverage.Reason}",
            Event.PayloadOneofCase.AgentState when e.AgentState.State == AgentState.Types.State.Configured => e.AgentState.Detail,
            Event.PayloadOneofCase.AgentState => $"module {e.AgentState.Module} does not run: {e.AgentState.Detail}",
            _ => "",
        };
        _ink.Append(_text, Timestamp.Format((long)e.WallNs) + " " + Printable.Of(what), Ink.Yellow);
        _text.Append('\n');
    }
}
