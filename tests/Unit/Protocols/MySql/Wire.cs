using System.Buffers.Binary;
using System.Text;
using ECapture.Protocols.MySql;

namespace ECapture.Tests.Unit.Protocols.MySql;

/// <summary>Both ends of a session, written by hand: every packet is a chunk of its own, as a server reads and writes them.</summary>
internal sealed class Wire
{
    internal const uint Usual = (1u << 3) | (1u << 9) | (1u << 15) | (1u << 19); // database, protocol 4.1, secure connection, plugins
    internal const uint Compress = 1u << 5;
    internal const uint Tls = 1u << 11;
    internal const uint SessionTracking = 1u << 23;
    internal const uint DeprecateEof = 1u << 24;

    private ulong _received;
    private ulong _sent;
    private ulong _now = 1000;

    internal Wire(MySqlLimits? limits = null) => Session = new MySqlSession(limits ?? new MySqlLimits(), Statements.Add);

    internal MySqlSession Session { get; }

    internal List<MySqlStatement> Statements { get; } = [];

    /// <summary>A session that has logged in as <c>me</c> with database <c>shop</c>.</summary>
    internal static Wire LoggedIn(uint more = 0, MySqlLimits? limits = null)
    {
        Wire wire = new(limits);
        wire.Server(0, Greeting("5.5.5-10.11.6-MariaDB"));
        wire.Client(1, Login(Usual | more));
        wire.Server(2, Ok());
        return wire;
    }

    internal static byte[] Greeting(string version) =>
        [10, .. Encoding.ASCII.GetBytes(version), 0, 1, 0, 0, 0, .. "12345678"u8, 0, 0xff, 0xff, 45, 2, 0, 0xff, 0xf1, 21, .. new byte[10], .. "123456789012"u8, 0];

    internal static byte[] Login(uint capabilities) =>
        [.. Number(capabilities), 0, 0, 0, 1, 45, .. new byte[23], .. "me\0"u8, 4, .. "hash"u8, .. "shop\0"u8, .. "mysql_native_password\0"u8];

    internal static byte[] Ok(byte rows = 0, ushort status = 2, string info = "") => [0, rows, 0, (byte)status, (byte)(status >> 8), 0, 0, .. Encoding.ASCII.GetBytes(info)];

    internal static byte[] Eof(ushort status = 2) => [0xfe, 0, 0, (byte)status, (byte)(status >> 8)];

    internal static byte[] Error(ushort number, string state, string message) =>
        [0xff, (byte)number, (byte)(number >> 8), (byte)'#', .. Encoding.ASCII.GetBytes(state), .. Encoding.ASCII.GetBytes(message)];

    internal static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    internal static byte[] Number(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    internal void Query(string sql) => Client(0, [3, .. Encoding.UTF8.GetBytes(sql)]);

    /// <summary>The header by itself, then the rest: so servers read.</summary>
    internal void Client(byte number, byte[] payload)
    {
        Received(Header(number, payload));
        Received(payload);
    }

    internal void Server(byte number, params byte[][] payloads)
    {
        foreach (byte[] payload in payloads)
        {
            Sent([.. Header(number++, payload), .. payload]);
        }
    }

    internal void Received(byte[] bytes)
    {
        Session.Received(_now += 10, _received, bytes);
        _received += (ulong)bytes.Length;
    }

    internal void Sent(byte[] bytes)
    {
        Session.Sent(_now += 10, _sent, bytes);
        _sent += (ulong)bytes.Length;
    }

    internal void LeaveOut(ulong rows, int bytes)
    {
        Session.SentLeftOut(_now += 10, _sent, (ulong)bytes, rows);
        _sent += (ulong)bytes;
    }

    internal void LeaveOutOfFile(int bytes)
    {
        Session.ReceivedLeftOut(_now += 10, _received, (ulong)bytes);
        _received += (ulong)bytes;
    }

    internal void LoseReceived(int bytes) => _received += (ulong)bytes;

    internal void LoseSent(int bytes) => _sent += (ulong)bytes;

    private static byte[] Header(byte number, byte[] payload) => [(byte)payload.Length, (byte)(payload.Length >> 8), (byte)(payload.Length >> 16), number];
}
