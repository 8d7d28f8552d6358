using System.Buffers.Binary;
using System.Security.Cryptography;
using ECapture.Events.V1;
using ECapture.Pcapng;
using ECapture.Protocols.Tls;
using ECapture.Query.Pcap.Synthetic;

namespace ECapture.Query.Pcap.Earlier;

/// <summary>
/// Segments that stand for what nobody captured of a TLS connection: a handshake that names its randoms and its cipher, and as many empty records as there were before the first captured one. A
/// dissector that has read them, and has the secrets, decrypts what follows.
/// </summary>
internal sealed class MadeHandshake
{
    /// <summary>Records of a direction that are made at most.</summary>
    public const ulong MostRecords = 200_000;

    private const int LongestSegment = 32_000;
    private const byte Handshake = 22;
    private const byte ApplicationData = 23;
    private const int RandomLength = 32;

    private readonly RecordSuite _suite;
    private readonly SyntheticEnds _ends;
    private readonly EarlierSecret _client;
    private readonly EarlierSecret _server;
    private readonly byte[] _handshakeClient;
    private readonly byte[] _handshakeServer;

    private MadeHandshake(RecordSuite suite, SyntheticEnds ends, EarlierSecret client, EarlierSecret server)
    {
        _suite = suite;
        _ends = ends;
        _client = client;
        _server = server;
        _handshakeClient = CryptographicOperations.HashData(suite.Hash, [.. client.ClientRandom, 1]);
        _handshakeServer = CryptographicOperations.HashData(suite.Hash, [.. client.ClientRandom, 2]);
    }

    /// <summary>The host of the connection.</summary>
    public string Host => _client.Host;

    /// <summary>What the key log needs beside the secrets of the connection: those that the made handshake is protected with.</summary>
    public IEnumerable<(string Label, byte[] Secret)> Secrets => _suite.IsTls13
        ? [("CLIENT_HANDSHAKE_TRAFFIC_SECRET", _handshakeClient), ("SERVER_HANDSHAKE_TRAFFIC_SECRET", _handshakeServer)]
        : [];

    /// <summary>The client random.</summary>
    public byte[] ClientRandom => _client.ClientRandom;

    /// <summary>Makes the handshake of a connection.</summary>
    /// <param name="secrets">All that are known of it.</param>
    /// <param name="isTooLong">There were more records than are made.</param>
    /// <returns>Null when not both directions are known, or what is said of them cannot be.</returns>
    public static MadeHandshake? Of(IReadOnlyCollection<EarlierSecret> secrets, out bool isTooLong)
    {
        isTooLong = false;
        EarlierSecret? client = secrets.FirstOrDefault(s => s.Position.IsClients);
        EarlierSecret? server = secrets.FirstOrDefault(s => !s.Position.IsClients);
        if (client is null || server is null || RecordSuite.Find(client.Position.CipherSuite) is not { } suite || server.Position.CipherSuite != suite.Id
            || (suite.IsTls13 && (client.Secret.Length != suite.SecretLength || server.Secret.Length != suite.SecretLength))
            || (!suite.IsTls13 && (client.Position.ServerRandom.Length != RandomLength || client.Position.Record == 0 || server.Position.Record == 0)))
        {
            return null;
        }

        SyntheticEnds ends = SyntheticEnds.Of(client.Flow, client.Position.Direction == Direction.Sent, 0);
        isTooLong = Math.Max(client.Position.Record, server.Position.Record) > MostRecords;
        return ends.IsMadeUp || isTooLong ? null : new MadeHandshake(suite, ends, client, server);
    }

    /// <summary>Writes the segments.</summary>
    /// <returns>How many.</returns>
    public int Write(PcapngWriter writer, int @interface, ulong time)
    {
        List<(bool FromClient, byte[] Data)> segments = Segments();
        uint client = _client.Position.TcpSequence - Length(segments, true);
        uint server = _server.Position.TcpSequence - Length(segments, false);
        byte[] options = PacketOptions.Encode(
            PacketDirection.Unknown, comment: "synthetic: stands for the handshake and the records of this connection that are older than the agent");
        byte[] frame = new byte[IpTcpFrame.LongestHeaders + LongestSegment];
        foreach ((bool fromClient, byte[] data) in segments)
        {
            ((byte[], ushort) from, (byte[], ushort) to) = fromClient ? (_ends.Client, _ends.Server) : (_ends.Server, _ends.Client);
            (uint, uint) numbers = fromClient ? (client, server) : (server, client);
            int written = IpTcpFrame.Write(frame, from, to, numbers, TcpFlags.Ack | TcpFlags.Push, data, data.Length);
            writer.WritePacket(@interface, time, frame.AsSpan(0, written), (uint)written, options);
            client += fromClient ? (uint)data.Length : 0;
            server += fromClient ? 0 : (uint)data.Length;
        }

        return segments.Count;
    }

    private static uint Length(List<(bool FromClient, byte[] Data)> segments, bool fromClient) =>
        (uint)segments.Where(s => s.FromClient == fromClient).Sum(s => s.Data.Length);

    private List<(bool FromClient, byte[] Data)> Segments()
    {
        List<(bool, byte[])> segments = [(true, ClientHello()), (false, ServerHello())];
        byte[] finished = Message(20, new byte[_suite.IsTls13 ? _suite.SecretLength : 12]);
        if (_suite.IsTls13)
        {
            using RecordKeys server = RecordKeys.FromTrafficSecret(_suite, _handshakeServer);
            using RecordKeys client = RecordKeys.FromTrafficSecret(_suite, _handshakeClient);
            segments.Add((false, server.Seal(0, Handshake, [.. Message(8, [0, 0]), .. finished]))); // EncryptedExtensions: none
            segments.Add((true, client.Seal(0, Handshake, finished)));
        }
        else
        {
            byte[] changeCipherSpec = [20, 3, 3, 0, 1, 1];
            segments.Add((true, changeCipherSpec));
            segments.Add((false, changeCipherSpec));
        }

        AddRecords(segments, true, finished);
        AddRecords(segments, false, finished);
        return segments;
    }

    // In TLS 1.2 the Finished message has the number 0.
    private void AddRecords(List<(bool, byte[])> segments, bool ofClient, byte[] finished)
    {
        EarlierSecret secret = ofClient ? _client : _server;
        using RecordKeys keys = _suite.IsTls13
            ? RecordKeys.FromTrafficSecret(_suite, secret.Secret)
            : RecordKeys.FromMasterSecret(_suite, secret.Secret, secret.ClientRandom, secret.Position.ServerRandom.Span, ofClient);
        List<byte> segment = [];
        for (ulong number = 0; number < secret.Position.Record; number++)
        {
            byte[] record = number == 0 && !_suite.IsTls13 ? keys.Seal(0, Handshake, finished) : keys.Seal(number, ApplicationData, []);
            if (segment.Count + record.Length > LongestSegment)
            {
                segments.Add((ofClient, [.. segment]));
                segment.Clear();
            }

            segment.AddRange(record);
        }

        if (segment.Count > 0)
        {
            segments.Add((ofClient, [.. segment]));
        }
    }

    // RFC 8446, section 4.1.2: no session, one suite, no compression, of TLS 1.3 the extension supported_versions.
    private byte[] ClientHello() => Plain(Message(
        1, [3, 3, .. _client.ClientRandom, 0, 0, 2, .. Number(_suite.Id), 1, 0, .. _suite.IsTls13 ? (byte[])[0, 7, 0, 43, 0, 3, 2, 3, 4] : [0, 0]]));

    private byte[] ServerHello()
    {
        byte[] random = _suite.IsTls13 ? SHA256.HashData(_client.ClientRandom) : _client.Position.ServerRandom.ToByteArray();
        return Plain(Message(2, [3, 3, .. random, 0, .. Number(_suite.Id), 0, .. _suite.IsTls13 ? (byte[])[0, 6, 0, 43, 0, 2, 3, 4] : [0, 0]]));
    }

    private static byte[] Plain(byte[] message) => [Handshake, 3, 3, .. Number((ushort)message.Length), .. message];

    private static byte[] Message(byte type, byte[] body) => [type, 0, .. Number((ushort)body.Length), .. body];

    private static byte[] Number(ushort number)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, number);
        return bytes;
    }
}
