using System.Buffers;
using System.Globalization;
using System.Text;
using ECapture.Events.Formatting;
using ECapture.Events.V1;
using ECapture.Query.Requests;
using ECapture.Storage.Reading;

namespace ECapture.Query.Formatting;

/// <summary>
/// CSV (RFC 4180) with a header line. Control characters are escaped as in a table; a value that a spreadsheet would take for a formula begins
/// with an apostrophe.
/// </summary>
internal sealed class CsvEventFormatter : IEventFormatter
{
    private readonly StringBuilder _line = new();

    public string ContentType => "text/csv; charset=utf-8; header=present";

    public void Begin(IBufferWriter<byte> output) =>
        output.Write("time,module,type,host,process,pid,uid,local,remote,connection,exit_status,text,id,cursor\r\n"u8);

    public void Write(StoredEvent stored, IBufferWriter<byte> output)
    {
        Event e = stored.Event;
        _line.Clear();
        Cell(TimeText.Format((long)e.WallNs));
        Cell(stored.Id.Topic);
        Cell(EventView.TypeName(e));
        Cell(Printable.Of(e.Host));
        Cell(e.Process is null ? "" : Printable.Of(e.Process.Name.Span));
        Cell(Number(e.Process?.Pid));
        Cell(Number(e.Process?.Uid));
        Cell(e.Flow is null ? "" : EventView.EndPoint(e.Flow.LocalAddress, e.Flow.LocalPort));
        Cell(e.Flow is null ? "" : EventView.EndPoint(e.Flow.RemoteAddress, e.Flow.RemotePort));
        Cell(e.Connection == 0 ? "" : EventView.Id(e.Connection));
        Cell(ExitStatus(stored));
        Cell(EventSummary.Of(stored));
        Cell(stored.Id.ToString());
        Cell(stored.Cursor.ToString());
        _line.Length--;
        _line.Append("\r\n");
        Encoding.UTF8.GetBytes(_line.ToString(), output);
    }

    public void End(IBufferWriter<byte> output)
    {
    }

    private static string ExitStatus(StoredEvent stored) => (stored.Result?.ExitStatus ?? stored.Event.PayloadCase switch
    {
        Event.PayloadOneofCase.ShellResult => stored.Event.ShellResult.ExitStatus,
        Event.PayloadOneofCase.ProcessExit => stored.Event.ProcessExit.ExitStatus,
        _ => null,
    })?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Number(uint? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    private void Cell(string value)
    {
        if (value.Length > 1 && value[0] is '=' or '+' or '@' or '-')
        {
            value = "'" + value;
        }

        if (value.AsSpan().IndexOfAny(',', '"') >= 0)
        {
            _line.Append('"').Append(value.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
        }
        else
        {
            _line.Append(value);
        }

        _line.Append(',');
    }
}
