using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Tests.Support.Events;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Events;

public sealed class EventReaderTests
{
    [Fact]
    public void TryRead_WellMadeEvents_SameAsGeneratedClass()
    {
        RandomEvents events = new(seed: 1);
        HashSet<Event.PayloadOneofCase> seen = [];
        for (int i = 0; i < 5_000; i++)
        {
            Event made = events.Next();
            seen.Add(made.PayloadCase);
            byte[] encoded = made.ToByteArray();

            Assert.True(EventReader.TryRead(encoded, out EventFields fields));

            AssertSame(made, encoded, fields);
        }

        Assert.Equal(18, seen.Count);
    }

    [Fact]
    public void TryRead_MutatedBytes_AcceptsWhatTheGeneratedClassAccepts()
    {
        RandomEvents events = new(seed: 2);
        Random random = new(3);
        int accepted = 0;
        const int Rounds = 60_000;
        for (int i = 0; i < Rounds; i++)
        {
            byte[] encoded = Mutate(events.Next().ToByteArray(), random);
            bool isRead = EventReader.TryRead(encoded, out EventFields fields);

            Event? parsed = Parse(encoded);
            Assert.True(isRead == parsed is not null, $"read {isRead}, parsed {parsed is not null}: {Convert.ToHexString(encoded)}");
            if (parsed is not null)
            {
                accepted++;
                AssertSame(parsed, encoded, fields);
            }
        }

        Assert.InRange(accepted, Rounds / 10, Rounds * 9 / 10); // both sides were tried
    }

    [Fact]
    public void TryRead_TwoEncodingsInARow_MergesAsTheGeneratedClassDoes()
    {
        RandomEvents events = new(seed: 4);
        for (int i = 0; i < 2_000; i++)
        {
            byte[] encoded = [.. events.Next().ToByteArray(), .. events.Next().ToByteArray()];

            Assert.True(EventReader.TryRead(encoded, out EventFields fields));

            AssertSame(Event.Parser.ParseFrom(encoded), encoded, fields);
        }
    }

    [Fact]
    public void TryRead_PayloadOfANewerSchema_KeepsItsNumber()
    {
        byte[] encoded = [.. new Event { Host = "h" }.ToByteArray(), 0xC2, 0x03, 2, 0xFF, 0xFF]; // field 56, two bytes that are no message

        Assert.True(EventReader.TryRead(encoded, out EventFields fields));

        Assert.Equal(56u, fields.Payload.Kind);
        Assert.Equal("h"u8, fields.Host.Of(encoded));
    }

    [Fact]
    public void TryRead_InSteadyState_DoesNotAllocate()
    {
        byte[] encoded = new RandomEvents(seed: 5).Next(Topics.Tls, Guid.CreateVersion7(), 1).ToByteArray();
        EventReader.TryRead(encoded, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            EventReader.TryRead(encoded, out _);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static byte[] Mutate(byte[] encoded, Random random)
    {
        List<byte> bytes = [.. encoded.AsSpan(0, Math.Min(encoded.Length, 400))];
        if (encoded.Length <= 400 && random.Next(3) == 0)
        {
            bytes.RemoveRange(random.Next(bytes.Count), 1);
        }

        for (int changes = random.Next(4); changes > 0 && bytes.Count > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    // A field of any number and wire type, groups among them.
                    bytes.InsertRange(random.Next(2) == 0 ? 0 : at, [(byte)random.Next(256), (byte)random.Next(4), (byte)random.Next(256)]);
                    break;
            }
        }

        return [.. bytes];
    }

    private static Event? Parse(byte[] encoded)
    {
        try
        {
            return Event.Parser.ParseFrom(encoded);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidOperationException)
        {
            return null;
        }
    }

    private static void AssertSame(Event made, byte[] encoded, in EventFields f)
    {
        Same(made.Run, encoded, f.Run);
        Same(made.Topic, encoded, f.Topic);
        Assert.Equal(
            (made.Partition, made.Sequence, made.Schema, made.BootNs, made.WallNs, made.Connection),
            (f.Partition, f.Sequence, f.Schema, f.BootNs, f.WallNs, f.Connection));
        Same(made.Tenant, encoded, f.Tenant);
        Same(made.Host, encoded, f.Host);
        Same(made.Boot, encoded, f.Boot);
        Assert.Equal(made.Process is not null, f.HasProcess);
        Process process = made.Process ?? new Process();
        Assert.Equal((process.Pid, process.StartNs, process.Uid), (f.Pid, f.ProcessStartNs, f.Uid));
        Same(process.Name, encoded, f.ProcessName);
        Assert.Equal(made.Flow is not null, f.HasFlow);
        Flow flow = made.Flow ?? new Flow();
        Assert.Equal(
            (flow.LocalPort, flow.RemotePort, flow.Protocol, flow.NetworkNamespace, flow.Id),
            (f.LocalPort, f.RemotePort, f.Protocol, f.NetworkNamespace, f.FlowId));
        Same(flow.LocalAddress, encoded, f.LocalAddress);
        Same(flow.RemoteAddress, encoded, f.RemoteAddress);
        AssertSamePayload(made, encoded, f.Payload);
    }

    private static void AssertSamePayload(Event made, byte[] encoded, in PayloadFields p)
    {
        if (made.PayloadCase != Event.PayloadOneofCase.None)
        {
            Assert.Equal((uint)made.PayloadCase, p.Kind);
        }

        ByteString main = ByteString.Empty;
        switch (made.PayloadCase)
        {
            case Event.PayloadOneofCase.TlsData:
                Assert.Equal(((uint)made.TlsData.Direction, made.TlsData.Offset), (p.Direction, p.StreamOffset));
                main = made.TlsData.Data;
                break;
            case Event.PayloadOneofCase.TlsSecret:
                Same(made.TlsSecret.Label, encoded, p.Label);
                Same(made.TlsSecret.ClientRandom, encoded, p.ClientRandom);
                Same(made.TlsSecret.Sealed?.Recipients ?? "", encoded, p.SealedTo);
                main = made.TlsSecret.Secret;
                break;
            case Event.PayloadOneofCase.Packet:
                Same(made.Packet.Interface, encoded, p.Interface);
                Assert.Equal(((uint)made.Packet.Direction, made.Packet.OriginalLength), (p.Direction, p.OriginalLength));
                main = made.Packet.Data;
                break;
            case Event.PayloadOneofCase.ConnectionState:
                Assert.Equal((uint)made.ConnectionState.State, p.State);
                break;
            case Event.PayloadOneofCase.ConnectionLink:
                Same(made.ConnectionLink.ClientRandom, encoded, p.ClientRandom);
                Same(made.ConnectionLink.ServerName, encoded, p.ServerName);
                Assert.Equal((made.ConnectionLink.FromNs, made.ConnectionLink.ToNs), (p.FromNs, p.ToNs));
                break;
            case Event.PayloadOneofCase.ShellCommand:
                Assert.Equal(made.ShellCommand.Command, p.Command);
                Same(made.ShellCommand.Directory, encoded, p.Directory);
                Same(made.ShellCommand.Terminal, encoded, p.Terminal);
                main = made.ShellCommand.Text;
                break;
            case Event.PayloadOneofCase.ShellResult:
                Assert.Equal((made.ShellResult.Command, made.ShellResult.ExitStatus), (p.Command, p.ExitStatus));
                break;
            case Event.PayloadOneofCase.ProcessExec:
                Same(made.ProcessExec.Executable, encoded, p.Executable);
                break;
            case Event.PayloadOneofCase.ProcessExit:
                Assert.Equal(made.ProcessExit.ExitStatus, p.ExitStatus);
                break;
            case Event.PayloadOneofCase.SqlStatement:
                SqlStatement sql = made.SqlStatement;
                Same(sql.User, encoded, p.User);
                Same(sql.Database, encoded, p.Database);
                Same(sql.Client, encoded, p.Client);
                Same(sql.CommandTag, encoded, p.CommandTag);
                Same(sql.ErrorCode, encoded, p.ErrorCode);
                Assert.Equal((sql.HasRows, sql.Rows, (uint)sql.Outcome, sql.DurationNs), (p.HasRows, p.Rows, p.Outcome, p.DurationNs));
                main = sql.Statement;
                break;
            case Event.PayloadOneofCase.Loss:
                Same(made.Loss.Where, encoded, p.Module);
                Same(made.Loss.Why, encoded, p.Detail);
                Assert.Equal(made.Loss.Records, p.Records);
                break;
            case Event.PayloadOneofCase.Coverage:
                Same(made.Coverage.Subject, encoded, p.Module);
                Same(made.Coverage.Reason, encoded, p.Detail);
                break;
            case Event.PayloadOneofCase.AgentState:
                Assert.Equal((uint)made.AgentState.State, p.State);
                Same(made.AgentState.Module, encoded, p.Module);
                Same(made.AgentState.Detail, encoded, p.Detail);
                break;
            case Event.PayloadOneofCase.HttpExchange:
                HttpTransaction http = made.HttpExchange;
                Same(http.Method, encoded, p.Label);
                Same(http.Host, encoded, p.ServerName);
                Same(http.Path, encoded, p.Executable);
                Same(http.ResponseType, encoded, p.Detail);
                Assert.Equal(
                    (http.Status, http.DurationNs, http.RequestBytes, http.ResponseBytes), (p.ErrorNumber, p.DurationNs, p.Records, p.Bytes));
                break;
            case Event.PayloadOneofCase.WebSocketMessage:
                Assert.Equal((uint)made.WebSocketMessage.Direction, p.Direction);
                main = made.WebSocketMessage.Data;
                break;
            case Event.PayloadOneofCase.Access:
                Access access = made.Access;
                Same(access.Actor, encoded, p.User);
                Same(access.Role, encoded, p.Module);
                Same(access.From, encoded, p.Client);
                Same(access.Action, encoded, p.Label);
                Same(access.Filter, encoded, p.Directory);
                Same(access.Reason, encoded, p.ErrorCode);
                Same(access.Detail, encoded, p.Detail);
                Assert.Equal(
                    ((uint)access.Outcome, access.HasRows, access.Rows, access.Bytes, access.Keys),
                    (p.Outcome, p.HasRows, p.Rows, p.Bytes, p.Records));
                break;
            case Event.PayloadOneofCase.Control:
                Control control = made.Control;
                Same(control.Action, encoded, p.Label);
                Same(control.Subject, encoded, p.Module);
                Same(control.Actor, encoded, p.User);
                Same(control.Detail, encoded, p.Detail);
                Assert.Equal((control.HasRows, control.Rows, control.Bytes), (p.HasRows, p.Rows, p.Bytes));
                break;
        }

        Same(main, encoded, p.Main);
    }

    private static void Same(ByteString expected, byte[] encoded, ByteRange actual) => Assert.Equal(expected.Span, actual.Of(encoded));

    // The generated class replaces what is no UTF-8; the reader keeps the bytes.
    private static void Same(string expected, byte[] encoded, ByteRange actual) => Assert.Equal(expected, Encoding.UTF8.GetString(actual.Of(encoded)));
}
