using System.Buffers;
using System.Text;
using System.Text.Json;
using ECapture.Events.V1;
using ECapture.Events.Formatting;
using ECapture.Query.Formatting;
using ECapture.Query.Requests;
using ECapture.Storage.Reading;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Querying;

public sealed class FormattingTests
{
    private static readonly byte[] s_hostile = [.. "a\u001b[2Jb\r\nc\u202ed"u8, 0xff, 0];

    [Fact]
    public void Table_HostileBytes_HoldNoControlCharacter()
    {
        string text = Format(EventsFormat.Table, Shell(s_hostile));

        Assert.DoesNotContain(text.Replace("\n", "", StringComparison.Ordinal), c => char.IsControl(c) || c == '\u202e');
        Assert.Contains("a\\x1b[2Jb\\r\\nc\\u202ed\\xff\\x00", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Count(c => c == '\n'));
    }

    [Fact]
    public void Table_Colours_OnlyWhereAsked()
    {
        var stored = Shell("ls"u8.ToArray());
        Assert.DoesNotContain('\u001b', Format(EventsFormat.Table, stored));
        Assert.Contains('\u001b', Format(EventFormatters.Create(EventsFormat.Table, colours: true), stored));
    }

    [Fact]
    public void Json_PrintableBytes_AreText()
    {
        JsonElement data = Json(Shell("echo \"ü\"\n"u8.ToArray())).GetProperty("data");

        Assert.Equal("echo \"ü\"\n", data.GetProperty("text").GetString());
        Assert.False(data.TryGetProperty("text_encoding", out _));
    }

    [Fact]
    public void Json_OtherBytes_AreBase64AndSaySo()
    {
        JsonElement data = Json(Shell(s_hostile)).GetProperty("data");

        Assert.Equal("base64", data.GetProperty("text_encoding").GetString());
        Assert.Equal(s_hostile, data.GetProperty("text").GetBytesFromBase64());
    }

    [Fact]
    public void Json_Envelope_HasTheDocumentedNames()
    {
        JsonElement e = Json(Shell("ls"u8.ToArray()));

        Assert.Equal(
            ["id", "cursor", "time", "module", "type", "host", "boot", "boot_ns", "process", "connection", "flow", "data", "result"],
            e.EnumerateObject().Select(p => p.Name));
        Assert.Equal("2026-11-20T06:00:00.123456789Z", e.GetProperty("time").GetString());
        Assert.Equal("shell_command", e.GetProperty("type").GetString());
        Assert.Equal("127.0.0.1", e.GetProperty("flow").GetProperty("local_address").GetString());
        Assert.Equal("ffffffffffffffff", e.GetProperty("connection").GetString());
        Assert.Equal(3, e.GetProperty("result").GetProperty("exit_status").GetInt32());
        Assert.Equal("exec", e.GetProperty("data").GetProperty("kind").GetString());
    }

    [Fact]
    public void Json_Document_IsOneValueWithTheCursorOfItsLastEvent()
    {
        StoredEvent stored = Shell("ls"u8.ToArray());

        using JsonDocument two = JsonDocument.Parse(Format(EventsFormat.Json, stored, stored));
        using JsonDocument none = JsonDocument.Parse(Format(EventsFormat.Json));

        Assert.Equal(2, two.RootElement.GetProperty("events").GetArrayLength());
        Assert.Equal(stored.Cursor.ToString(), two.RootElement.GetProperty("next").GetString());
        Assert.Equal(JsonValueKind.Null, none.RootElement.GetProperty("next").ValueKind);
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("a,\"b\"", "\"a,\"\"b\"\"\"")]
    public void Csv_Text_IsQuotedAndNoFormula(string name, string cell)
    {
        StoredEvent stored = Shell("ls"u8.ToArray(), name);

        string[] lines = Format(EventsFormat.Csv, stored).Split("\r\n");

        Assert.StartsWith("time,module,type,host,process,pid,uid,", lines[0], StringComparison.Ordinal);
        Assert.Contains($",shell_command,h1,{cell},42,1000,127.0.0.1:5000,10.0.0.1:443,", lines[1], StringComparison.Ordinal);
        Assert.Equal(3, lines.Length);
    }

    [Fact]
    public void Summary_SqlWithParameters_ShowsWhoWhatAndOutcome()
    {
        var sql = new SqlStatement
        {
            User = ByteString.CopyFromUtf8("app"),
            Database = ByteString.CopyFromUtf8("shop"),
            Statement = ByteString.CopyFromUtf8("SELECT $1"),
            Rows = 3,
            Outcome = SqlStatement.Types.Outcome.Ok,
            DurationNs = 1_500_000,
        };
        sql.Parameters.Add(new SqlStatement.Types.Parameter { Value = ByteString.CopyFromUtf8("x") });
        sql.Parameters.Add(new SqlStatement.Types.Parameter { Format = SqlStatement.Types.Parameter.Types.Format.Null });

        Assert.EndsWith(
            "app@shop SELECT $1 [x, NULL] -> 3 rows in 1.5 ms\n", Format(EventsFormat.Table, Stored("postgres", new Event { SqlStatement = sql })),
            StringComparison.Ordinal);
    }

    private static JsonElement Json(StoredEvent stored)
    {
        using JsonDocument document = JsonDocument.Parse(Format(EventsFormat.Ndjson, stored));
        return document.RootElement.Clone();
    }

    private static string Format(EventsFormat format, params StoredEvent[] events) => Format(EventFormatters.Create(format, colours: false), events);

    private static string Format(IEventFormatter formatter, params StoredEvent[] events)
    {
        var output = new ArrayBufferWriter<byte>();
        formatter.Begin(output);
        foreach (StoredEvent stored in events)
        {
            formatter.Write(stored, output);
        }

        formatter.End(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static StoredEvent Shell(byte[] text, string process = "bash")
    {
        StoredEvent stored = Stored("bash", new Event
        {
            Host = "h1",
            Boot = ByteString.CopyFrom(new byte[16]),
            Connection = ulong.MaxValue,
            Process = new Process { Pid = 42, Uid = 1000, Name = ByteString.CopyFromUtf8(process) },
            Flow = new Flow
            {
                LocalAddress = ByteString.CopyFrom(127, 0, 0, 1),
                LocalPort = 5000,
                RemoteAddress = ByteString.CopyFrom(10, 0, 0, 1),
                RemotePort = 443,
                Protocol = 6,
            },
            ShellCommand = new ShellCommand { Kind = ShellCommand.Types.Kind.Exec, Text = ByteString.CopyFrom(text) },
        });
        stored.Result = new StoredResult(3, 0);
        return stored;
    }

    private static StoredEvent Stored(string topic, Event e)
    {
        e.WallNs = 1_795_154_400_123_456_789;
        return new StoredEvent(new ECapture.Events.EventId(Guid.CreateVersion7(), topic, 0, 5), (long)e.WallNs, e.ToByteArray());
    }
}
