using System.Security.Cryptography;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Tests.Support.Events;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Events;

public sealed class EventCutTests
{
    [Fact]
    public void Write_AnyEventWithMainBytes_IsThatEventWithFewerAndSaysSo()
    {
        RandomEvents random = new(71);
        Random keeps = new(72);
        Guid run = Guid.NewGuid();
        int cuts = 0;
        for (ulong i = 0; i < 3000; i++)
        {
            Event made = random.Next(Topics.All[(int)(i % (ulong)Topics.All.Count)], run, i);
            byte[] encoded = made.ToByteArray();
            Assert.True(EventReader.TryRead(encoded, out EventFields fields));
            if (fields.Payload.Main.Length == 0)
            {
                continue;
            }

            cuts++;
            int keep = keeps.Next(fields.Payload.Main.Length);
            byte[] cut = Cut(encoded, keep);

            byte[] main = fields.Payload.Main.Of(encoded).ToArray();
            SetMain(made, main[..keep]);
            made.Truncation ??= new Truncation { Length = (ulong)main.Length, Sha256 = ByteString.CopyFrom(SHA256.HashData(main)) };
            made.Truncation.Logged = (ulong)main.Length;
            Assert.Equal(made.ToByteArray(), cut);
        }

        Assert.True(cuts > 500, $"only {cuts} events had main bytes");
    }

    [Fact]
    public void Write_FieldsOfALaterVersion_Stay()
    {
        Event made = new RandomEvents(73).Next(Topics.Tls, Guid.NewGuid(), 1);
        made.Truncation = null;
        made.TlsData.Data = ByteString.CopyFromUtf8("0123456789");
        byte[] later = [0xB8, 0x3E, 0x07]; // field 999, varint 7: in the payload behind its main bytes, and in the event behind the payload
        byte[] payload = [.. made.TlsData.ToByteArray(), .. later];
        Event envelope = made.Clone();
        envelope.ClearPayload();
        byte[] encoded = [.. envelope.ToByteArray(), 0x82, 0x02, (byte)payload.Length, .. payload, .. later];

        Event cut = Event.Parser.ParseFrom(Cut(encoded, 3));

        Assert.Equal("012", cut.TlsData.Data.ToStringUtf8());
        Assert.Equal((10ul, 10ul), (cut.Truncation.Length, cut.Truncation.Logged));
        Assert.EndsWith(Convert.ToHexString(later), Convert.ToHexString(cut.ToByteArray()), StringComparison.Ordinal);
        Assert.EndsWith(Convert.ToHexString(later), Convert.ToHexString(cut.TlsData.ToByteArray()), StringComparison.Ordinal);
    }

    private static byte[] Cut(byte[] encoded, int keep)
    {
        Assert.True(EventReader.TryRead(encoded, out EventFields fields));
        byte[] buffer = new byte[encoded.Length + EventCut.Room];
        int length = EventCut.Write(encoded, fields, keep, buffer);
        Assert.Equal(buffer[..length], buffer.AsSpan(0, EventCut.Write(encoded, fields, keep, buffer)).ToArray());
        Assert.False(EventCut.IsCut(encoded));
        Assert.True(EventCut.IsCut(buffer.AsSpan(0, length)));
        return buffer[..length];
    }

    private static void SetMain(Event made, byte[] bytes)
    {
        ByteString main = ByteString.CopyFrom(bytes);
        switch (made.PayloadCase)
        {
            case Event.PayloadOneofCase.TlsData:
                made.TlsData.Data = main;
                break;
            case Event.PayloadOneofCase.TlsSecret:
                made.TlsSecret.Secret = main;
                break;
            case Event.PayloadOneofCase.Packet:
                made.Packet.Data = main;
                break;
            case Event.PayloadOneofCase.ShellCommand:
                made.ShellCommand.Text = main;
                break;
            case Event.PayloadOneofCase.SqlStatement:
                made.SqlStatement.Statement = main;
                break;
            case Event.PayloadOneofCase.WebSocketMessage:
                made.WebSocketMessage.Data = main;
                break;
            default:
                Assert.Fail($"{made.PayloadCase} has main bytes that this test does not know");
                break;
        }
    }
}
