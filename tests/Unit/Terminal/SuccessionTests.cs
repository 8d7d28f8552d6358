using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Terminal;
using ECapture.Terminal.Http;
using ECapture.Terminal.Switching;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Terminal;

/// <summary>One agent takes the place of another: every event counts once, connections go on.</summary>
public sealed class SuccessionTests
{
    private const ulong Now = 1_000_000_000_000;
    private const ulong At = Now + (2 * Succession.SlackNs);

    private static readonly ByteString s_first = ByteString.CopyFrom(new byte[16].Select(_ => (byte)1).ToArray());
    private static readonly ByteString s_second = ByteString.CopyFrom(new byte[16].Select(_ => (byte)2).ToArray());

    private readonly Succession _succession = new();
    private readonly List<TerminalItem> _items = [];

    [Fact]
    public void Takes_BeforeItIsDivided_TheFirstsAndKeysAndWhatTheSecondSaysOfItself()
    {
        Assert.True(_succession.First.Takes(Data("a", Now)));
        Assert.False(_succession.Second.Takes(Data("a", Now)));
        Assert.True(_succession.Second.Takes(Of(Topics.Secret, Now, new Event { TlsSecret = new TlsSecret() })));
        Assert.True(_succession.Second.Takes(Of(Topics.Agent, Now, new Event { Loss = new Loss() })));
    }

    [Fact]
    public void Takes_Divided_EachSideOfTheInstantOnceAndNearItWhatEitherHas()
    {
        _succession.Divide(Now);
        ulong before = At - Succession.SlackNs - 1;
        ulong after = At + Succession.SlackNs;
        Assert.Equal((true, false), (_succession.First.Takes(Data("a", before)), _succession.Second.Takes(Data("a", before))));
        Assert.Equal((false, true), (_succession.First.Takes(Data("b", after)), _succession.Second.Takes(Data("b", after))));

        // Both saw it, on either side of the instant; twice the same; one that only one of them saw.
        Assert.True(_succession.First.Takes(Data("c", At - 5)));
        Assert.True(_succession.First.Takes(Data("c", At + 5)));
        Assert.True(_succession.First.Takes(Data("d", At)));
        Assert.False(_succession.Second.Takes(Data("c", At + 3)));
        Assert.False(_succession.Second.Takes(Data("c", At + 9)));
        Assert.True(_succession.Second.Takes(Data("c", At + 10)));
        Assert.True(_succession.Second.Takes(Data("e", At - 9)));
        Assert.True(_succession.Second.Takes(Data("d", At, pid: 8)));
        Assert.True(_succession.Second.Takes(Data("d", At, direction: Direction.Received)));
    }

    [Fact]
    public void Takes_EndOfACommand_WithTheCommand()
    {
        _succession.Divide(Now);
        Assert.True(_succession.First.Takes(Command(3, "before", Now)));
        Assert.False(_succession.Second.Takes(Command(1, "before", Now)));
        Assert.True(_succession.First.Takes(End(3, At + Succession.SlackNs)));
        Assert.False(_succession.Second.Takes(End(1, At + Succession.SlackNs)));

        ulong after = At + Succession.SlackNs;
        Assert.False(_succession.First.Takes(Command(4, "after", after)));
        Assert.True(_succession.Second.Takes(Command(2, "after", after)));
        Assert.False(_succession.First.Takes(End(4, after)));
        Assert.True(_succession.Second.Takes(End(2, after)));
    }

    [Fact]
    public async Task Append_UntilTheFirstHasEnded_Waits()
    {
        using Recorder output = new();
        EventReceiver receiver = new(output);
        AgentEvents events = new(receiver);
        TaskCompletionSource ended = new();
        events.Give(_succession.First, ended.Task);
        byte[] encoded = New(Topics.Tls, Now, new Event { TlsData = new TlsData { Data = ByteString.CopyFromUtf8("x") } }).ToByteArray();

        Task appending = events.AppendAsync([new LogEntry(new TopicPartition(Topics.Tls, 0), default, encoded)], TestContext.Current.CancellationToken).AsTask();
        Assert.False(appending.IsCompleted);
        Assert.Equal(0, output.Count);
        ended.SetResult();
        await appending;
        Assert.Equal(1, output.Count);
    }

    [Fact]
    public void Http_AnotherAgentSeesTheRest_GoesOnWhereItWas()
    {
        ItemDecoder decoder = new(_items.Add);
        Write(decoder, s_first, 11, 40000, Direction.Sent, 0, "GET /one HTTP/1.1\r\n\r\n");
        Write(decoder, s_first, 11, 40000, Direction.Received, 0, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n1234");
        Write(decoder, s_first, 12, 40001, Direction.Sent, 0, "GET /other HTTP/1.1\r\n\r\n");
        Assert.Empty(_items);

        // It counts from where it came in, and calls them otherwise.
        Write(decoder, s_second, 21, 40000, Direction.Received, 700, "5678");
        Write(decoder, s_second, 22, 40001, Direction.Received, 0, "HTTP/1.1 204 No Content\r\n\r\n");
        Write(decoder, s_second, 21, 40000, Direction.Sent, 21, "GET /two HTTP/1.1\r\n\r\n");
        Write(decoder, s_second, 21, 40000, Direction.Received, 704, "HTTP/1.1 204 No Content\r\n\r\n");
        decoder.Complete();

        string[] shown = [.. _items.Cast<ExchangeItem>().Select(e => $"{Encoding.ASCII.GetString(e.Exchange.Request!.Target.Span)} {e.Exchange.Response?.Status} {Encoding.ASCII.GetString(e.Exchange.Response!.Body.Raw.Span)} {e.Exchange.Problems}")];
        Assert.Equal(["/one 200 12345678 None", "/other 204  None", "/two 204  None"], shown);
    }

    [Fact]
    public void Commands_OfTwoAgentsWithTheSameNumber_HaveTheirOwnEnds()
    {
        ItemDecoder decoder = new(_items.Add);
        foreach (ByteString run in (ByteString[])[s_first, s_second])
        {
            Event command = New(Topics.Bash, Now, new Event { ShellCommand = new ShellCommand { Command = 1, Text = run } });
            command.Run = run;
            Write(decoder, Topics.Bash, command);
        }

        Event end = New(Topics.Bash, Now, new Event { ShellResult = new ShellResult { Command = 1 } });
        end.Run = s_second;
        Write(decoder, Topics.Bash, end);
        Assert.Equal(s_second, Assert.Single(_items.OfType<CommandEndItem>()).Command.ShellCommand.Text);
    }

    private static Event New(string topic, ulong bootNs, Event payload, uint pid = 7)
    {
        payload.Topic = topic;
        payload.BootNs = bootNs;
        payload.Process = new Process { Pid = pid };
        return payload;
    }

    private static ReceivedEvent Of(string topic, ulong bootNs, Event payload, uint pid = 7) => Read(topic, New(topic, bootNs, payload, pid));

    private static ReceivedEvent Data(string text, ulong bootNs, uint pid = 7, Direction direction = Direction.Sent) =>
        Of(Topics.Tls, bootNs, new Event { TlsData = new TlsData { Direction = direction, Data = ByteString.CopyFromUtf8(text) } }, pid);

    private static ReceivedEvent Command(ulong id, string text, ulong bootNs) =>
        Of(Topics.Bash, bootNs, new Event { ShellCommand = new ShellCommand { Command = id, Text = ByteString.CopyFromUtf8(text) } });

    private static ReceivedEvent End(ulong id, ulong bootNs) => Of(Topics.Bash, bootNs, new Event { ShellResult = new ShellResult { Command = id } });

    private static ReceivedEvent Read(string topic, Event e)
    {
        byte[] encoded = e.ToByteArray();
        EventFields[] fields = new EventFields[1];
        Assert.True(EventReader.TryRead(encoded, out fields[0]));
        return new ReceivedEvent(topic, encoded, ref fields[0]);
    }

    private static void Write(ItemDecoder decoder, string topic, Event e) => decoder.Write(Read(topic, e));

    private static void Write(ItemDecoder decoder, ByteString run, ulong connection, uint port, Direction direction, ulong offset, string text)
    {
        Event piece = New(Topics.Tls, Now, new Event { TlsData = new TlsData { Direction = direction, Offset = offset, Data = ByteString.CopyFromUtf8(text) } });
        piece.Run = run;
        piece.Connection = connection;
        piece.Flow = new Flow { Id = port, LocalPort = port, RemotePort = 443 };
        Write(decoder, Topics.Tls, piece);
    }

    private sealed class Recorder : IEventOutput
    {
        internal int Count { get; private set; }

        public void Write(in ReceivedEvent received) => Count++;

        public void Tick(ulong nowNs)
        {
        }

        public void Complete()
        {
        }

        public void Dispose()
        {
        }
    }
}
