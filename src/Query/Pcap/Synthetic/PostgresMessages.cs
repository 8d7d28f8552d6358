using System.Buffers.Binary;
using System.Text;
using ECapture.Events.V1;
using Google.Protobuf;
using Kind = ECapture.Events.V1.SqlStatement.Types.Kind;
using Outcome = ECapture.Events.V1.SqlStatement.Types.Outcome;

namespace ECapture.Query.Pcap.Synthetic;

/// <summary>Statements as messages of PostgreSQL's protocol 3.0 (PostgreSQL documentation, "Message Formats"). Rows were not captured: there are none.</summary>
internal sealed class PostgresMessages : IStatementMessages
{
    private const int Version = 3 << 16;

    public ushort Port => ServerPorts.Postgres;

    public IEnumerable<(bool FromClient, byte[] Data)> Opening(SqlStatement statement)
    {
        var startup = new List<byte>(new byte[8]);
        Setting(startup, "user", statement.User);
        Setting(startup, "database", statement.Database);
        Setting(startup, "application_name", statement.Application);
        startup.Add(0);
        byte[] first = [.. startup];
        BinaryPrimitives.WriteInt32BigEndian(first, first.Length);
        BinaryPrimitives.WriteInt32BigEndian(first.AsSpan(4), Version);
        return [(true, first), (false, [.. Message('R', [0, 0, 0, 0]), .. Ready])];
    }

    public byte[] Request(SqlStatement statement)
    {
        if (statement.Kind != Kind.Prepared)
        {
            return Message('Q', Text(statement.Statement));
        }

        List<byte> bind = [0, .. Text(statement.Name), .. Int16(statement.Parameters.Count)];
        foreach (SqlStatement.Types.Parameter parameter in statement.Parameters)
        {
            bind.AddRange(Int16(parameter.Format == SqlStatement.Types.Parameter.Types.Format.Binary ? 1 : 0));
        }

        bind.AddRange(Int16(statement.Parameters.Count));
        foreach (SqlStatement.Types.Parameter parameter in statement.Parameters)
        {
            bool isNull = parameter.Format == SqlStatement.Types.Parameter.Types.Format.Null;
            bind.AddRange(Int32(isNull ? -1 : parameter.Value.Length));
            bind.AddRange(isNull ? [] : parameter.Value.ToByteArray());
        }

        bind.AddRange(Int16(0));
        return
        [
            .. Message('P', [.. Text(statement.Name), .. Text(statement.Statement), .. Int16(0)]), .. Message('B', [.. bind]),
            .. Message('E', [0, .. Int32(0)]), .. Message('S', []),
        ];
    }

    public byte[] Response(SqlStatement statement)
    {
        byte[] known = statement.Kind == Kind.Prepared ? [.. Message('1', []), .. Message('2', [])] : [];
        return statement.Outcome switch
        {
            Outcome.Ok => [.. known, .. Message('C', Text(statement.CommandTag)), .. Ready],
            Outcome.Error =>
            [
                .. Message('E', [.. Field('S', "ERROR"u8), .. Field('V', "ERROR"u8), .. Field('C', Encoding.ASCII.GetBytes(statement.ErrorCode)), .. Field('M', statement.ErrorMessage.Span), 0]),
                .. Ready,
            ],
            _ => [],
        };
    }

    private static byte[] Ready => Message('Z', "I"u8.ToArray());

    private static void Setting(List<byte> to, string name, ByteString value)
    {
        if (!value.IsEmpty)
        {
            to.AddRange([.. Encoding.ASCII.GetBytes(name), 0, .. Text(value)]);
        }
    }

    private static byte[] Message(char type, byte[] body) => [(byte)type, .. Int32(body.Length + 4), .. body];

    private static byte[] Field(char type, ReadOnlySpan<byte> value) => [(byte)type, .. Text(value)];

    private static byte[] Text(ByteString value) => Text(value.Span);

    // A zero ends a text: one inside would let the rest pass for something else.
    private static byte[] Text(ReadOnlySpan<byte> value)
    {
        byte[] text = new byte[value.Length + 1];
        value.Replace(text, (byte)0, (byte)'?');
        return text;
    }

    private static byte[] Int16(int value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Int32(int value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
