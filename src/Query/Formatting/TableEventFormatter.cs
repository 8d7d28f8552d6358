using System.Buffers;
using System.Globalization;
using System.Text;
using ECapture.Events.Formatting;
using ECapture.Events.V1;
using ECapture.Query.Requests;
using ECapture.Storage.Reading;

namespace ECapture.Query.Formatting;

/// <summary>One line per event for people: time (UTC), module, host, process, ends, what happened. Captured text cannot control the terminal.</summary>
internal sealed class TableEventFormatter(bool colours) : IEventFormatter
{
    private const int LongestText = 400;

    private readonly StringBuilder _line = new();

    public string ContentType => "text/plain; charset=utf-8";

    public void Begin(IBufferWriter<byte> output)
    {
        _line.Clear();
        Column("TIME (UTC)", 23, "1");
        Column("MODULE", 10, "1");
        Column("HOST", 12, "1");
        Column("PROCESS", 22, "1");
        Column("REMOTE", 21, "1");
        _line.Append(Coloured("WHAT", "1")).Append('\n');
        Encoding.UTF8.GetBytes(_line.ToString(), output);
    }

    public void Write(StoredEvent stored, IBufferWriter<byte> output)
    {
        Event e = stored.Event;
        _line.Clear();
        Column(TimeText.Format((long)e.WallNs)[..23].Replace('T', ' '), 23, "2");
        Column(stored.Id.Topic, 10, Colour(e));
        Column(Printable.Of(e.Host), 12, null);
        Column(e.Process is null ? "-" : string.Create(CultureInfo.InvariantCulture, $"{Printable.Of(e.Process.Name.Span)}[{e.Process.Pid}]"), 22, null);
        Column(e.Flow is null ? "-" : EventView.EndPoint(e.Flow.RemoteAddress, e.Flow.RemotePort), 21, null);
        string text = EventSummary.Of(stored);
        if (text.Length > LongestText)
        {
            int end = char.IsLowSurrogate(text[LongestText]) ? LongestText - 1 : LongestText;
            text = string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, end)}… ({text.Length} characters)");
        }

        _line.Append(text).Append('\n');
        Encoding.UTF8.GetBytes(_line.ToString(), output);
    }

    public void End(IBufferWriter<byte> output)
    {
    }

    private static string? Colour(Event e) => e.PayloadCase switch
    {
        Event.PayloadOneofCase.Loss or Event.PayloadOneofCase.Coverage => "31",
        Event.PayloadOneofCase.SqlStatement when e.SqlStatement.Outcome == SqlStatement.Types.Outcome.Error => "31",
        Event.PayloadOneofCase.TlsData => "36",
        Event.PayloadOneofCase.ShellCommand => "33",
        Event.PayloadOneofCase.SqlStatement => "35",
        _ => null,
    };

    private void Column(string text, int width, string? colour) =>
        _line.Append(Coloured(text, colour)).Append(' ', Math.Max(1, width + 1 - text.Length));

    private string Coloured(string text, string? colour) => colours && colour is not null ? $"\u001b[{colour}m{text}\u001b[0m" : text;
}
