using System.Text;
using ECapture.Capture;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules;
using ECapture.Capture.Modules.Tls;
using ECapture.Capture.Publishing;
using ECapture.Events.V1;
using Source = ECapture.Events.V1.ConnectionLink.Types.Source;

namespace ECapture.Tests.Unit.Capture.Tls;

public sealed class TlsEventsTests
{
    private readonly Recorder _recorder = new();
    private readonly TlsEvents _events;

    public TlsEventsTests() => _events = new TlsEvents(_recorder, _recorder, new ConnectionIds(), _ => null);

    [Fact]
    public void OnData_TwoChunksOfOneConnection_OneIdAndOneLink()
    {
        _events.OnData(Data(born: 1, offset: 0, length: 10), new byte[10]);
        _events.OnData(Data(born: 1, offset: 10, length: 5), new byte[5]);

        Assert.Equal(2, _recorder.Data.Count);
        Assert.Single(_recorder.Data.Select(d => d.Header.Connection).Distinct());
        Assert.Equal([0ul, 10ul], _recorder.Data.Select(d => d.Offset));
        (EventHeader header, Event link) = Assert.Single(_recorder.Published);
        Assert.Equal(Source.Socket, link.ConnectionLink.Source);
        Assert.Equal(_recorder.Data[0].Header.Connection, header.Connection);
        Assert.NotEqual(0ul, header.Connection);
    }

    [Fact]
    public void OnData_SameObjectBornAgain_IsAnotherConnection()
    {
        _events.OnData(Data(born: 1, offset: 0, length: 1), new byte[1]);
        _events.OnData(Data(born: 2, offset: 0, length: 1), new byte[1]);

        Assert.Equal(2, _recorder.Data.Select(d => d.Header.Connection).Distinct().Count());
        Assert.Equal(2, _recorder.Published.Count);
    }

    [Fact]
    public void OnData_SocketNotSure_NoLinkUntilItIs()
    {
        TlsDataRecord record = Data(born: 1, offset: 0, length: 1);
        record.Header.Flags = 0;
        _events.OnData(record, new byte[1]);
        Assert.Empty(_recorder.Published);

        _events.OnData(Data(born: 1, offset: 1, length: 1), new byte[1]);
        Assert.Single(_recorder.Published);
    }

    [Fact]
    public void OnData_CallLongerThanIsTaken_LossAndLengthSaid()
    {
        const int Most = 1024 * 16384;
        TlsDataRecord record = Data(born: 1, offset: Most - 10, length: 10);
        record.Header.Flags |= (ushort)TlsRecordFlags.Cut;
        record.Call = Most + 7;

        _events.OnData(record, new byte[10]);

        Assert.Equal(17ul, Assert.Single(_recorder.Data).Header.OriginalLength);
        Assert.Single(_recorder.Losses);
    }

    [Fact]
    public void OnSecret_SameTwice_OneEventAndOneLink()
    {
        _events.OnSecret(Secret("CLIENT_TRAFFIC_SECRET_0", 48, 1));
        _events.OnSecret(Secret("CLIENT_TRAFFIC_SECRET_0", 48, 1));
        _events.OnSecret(Secret("SERVER_TRAFFIC_SECRET_0", 48, 2));

        Assert.Equal(
            ["link", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"],
            _recorder.Published.Select(p => p.Event.TlsSecret?.Label ?? "link"));
        Assert.Equal(Source.Secret, _recorder.Published[0].Event.ConnectionLink.Source);
        Assert.Equal(_recorder.Published[0].Event.ConnectionLink.ClientRandom, _recorder.Published[1].Event.TlsSecret.ClientRandom);
        Assert.Equal(48, _recorder.Published[1].Event.TlsSecret.Secret.Length);
        Assert.Single(_recorder.Published.Select(p => p.Header.Connection).Distinct());
    }

    [Fact]
    public void OnSecret_PolicyKeepsSecretsBack_LinkAlone()
    {
        TlsEvents events = new(_recorder, _recorder, new ConnectionIds(), _ => null, publishesSecrets: false);
        events.OnSecret(Secret("CLIENT_TRAFFIC_SECRET_0", 48, 1));

        Assert.Equal(Source.Secret, Assert.Single(_recorder.Published).Event.ConnectionLink.Source);
        Assert.Empty(_recorder.Losses);
    }

    [Theory]
    [InlineData("CLIENT_RANDOM", 32)]
    [InlineData("HELLO", 48)]
    [InlineData("", 48)]
    public void OnSecret_NotOne_IsCountedAndNotPublished(string label, int length)
    {
        _events.OnSecret(Secret(label, length, 1));

        Assert.Empty(_recorder.Published);
        Assert.Single(_recorder.Losses);
    }

    [Fact]
    public void OnSecret_NoClientRandom_IsCountedAndNotPublished()
    {
        TlsSecretRecord record = Secret("EXPORTER_SECRET", 32, 1);
        ((Span<byte>)record.ClientRandom).Clear();

        _events.OnSecret(record);

        Assert.Empty(_recorder.Published);
        Assert.Single(_recorder.Losses);
    }

    private static TlsDataRecord Data(ulong born, ulong offset, uint length)
    {
        TlsDataRecord record = new() { Ssl = 0x1000, Born = born, Offset = offset, Length = length, Call = length, Socket = Socket() };
        record.Header.Pid = 42;
        record.Header.Flags = (ushort)TlsRecordFlags.SocketSure;
        return record;
    }

    private static TlsSecretRecord Secret(string label, int length, byte fill)
    {
        TlsSecretRecord record = new() { Ssl = 0x1000, Born = 1, Length = (uint)length, LabelLength = (uint)label.Length, Socket = Socket() };
        record.Header.Pid = 42;
        Encoding.ASCII.GetBytes(label).CopyTo(record.Label);
        ((Span<byte>)record.ClientRandom).Fill(9);
        ((Span<byte>)record.Secret).Fill(fill);
        return record;
    }

    private static SocketTuple Socket() => new() { Family = 2, Protocol = 6, LocalPort = 1, RemotePort = 2 };
}
