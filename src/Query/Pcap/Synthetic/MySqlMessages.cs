using System.Text;
using ECapture.Events.V1;
using Google.Protobuf;
using Outcome = ECapture.Events.V1.SqlStatement.Types.Outcome;

namespace ECapture.Query.Pcap.Synthetic;

/// <summary>
/// Statements as packets of the MySQL protocol (MySQL Internals, "Client/Server Protocol"): each a COM_QUERY, prepared ones, too, because theirs name no text. Rows were not captured: every answer
/// is OK or an error.
/// </summary>
internal sealed class MySqlMessages : IStatementMessages
{
    private const int LongestPacket = 0xFFFFFF - 1;

    /// <summary>CLIENT_LONG_PASSWORD, CLIENT_CONNECT_WITH_DB, CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION.</summary>
    private const ushort Capabilities = 0x8209;

    private const byte Utf8 = 45;
    private const byte Query = 3;

    public ushort Port => ServerPorts.MySql;

    public IEnumerable<(bool FromClient, byte[] Data)> Opening(SqlStatement statement)
    {
        byte[] greeting =
        [
            10, .. Encoding.ASCII.GetBytes(statement.System + " (synthetic)"), 0, 0, 0, 0, 0, .. new byte[9], .. Int16(Capabilities), Utf8, .. Int16(2), .. Int16(0), 0, .. new byte[10],
            .. new byte[13],
        ];
        byte[] login = [.. Int16(Capabilities), 0, 0, 0, 0, 0, 1, Utf8, .. new byte[23], .. Text(statement.User), 0, .. Text(statement.Database)];
        return [(false, Packet(0, greeting)), (true, Packet(1, login)), (false, Packet(2, [0, 0, 0, .. Int16(2), .. Int16(0)]))];
    }

    public byte[] Request(SqlStatement statement) => Packet(0, [Query, .. statement.Statement.Span]);

    public byte[] Response(SqlStatement statement) => statement.Outcome switch
    {
        Outcome.Ok => Packet(1, [0, .. Number(statement.Rows), 0, .. Int16(2), .. Int16(0), .. statement.CommandTag.Span]),
        Outcome.Error => Packet(
            1, [0xFF, .. Int16((int)statement.ErrorNumber), (byte)'#', .. Encoding.ASCII.GetBytes(statement.ErrorCode.PadRight(5, '0')[..5]), .. statement.ErrorMessage.Span]),
        _ => [],
    };

    private static byte[] Packet(byte sequence, ReadOnlySpan<byte> body)
    {
        body = body[..Math.Min(body.Length, LongestPacket)];
        return [(byte)body.Length, (byte)(body.Length >> 8), (byte)(body.Length >> 16), sequence, .. body];
    }

    private static byte[] Text(ByteString value) => [.. value.Span.IndexOf((byte)0) is >= 0 and int end ? value.Span[..end] : value.Span, 0];

    // Length-encoded integer.
    private static byte[] Number(ulong value) => value switch
    {
        < 251 => [(byte)value],
        <= ushort.MaxValue => [0xFC, .. Int16((int)value)],
        _ => [0xFE, .. BitConverter.GetBytes(value)],
    };

    private static byte[] Int16(int value) => [(byte)value, (byte)(value >> 8)];
}
