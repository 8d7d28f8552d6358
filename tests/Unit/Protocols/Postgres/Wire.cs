using System.Buffers.Binary;
using System.Text;
using ECapture.Protocols.Postgres;

namespace ECapture.Tests.Unit.Protocols.Postgres;

/// <summary>Builds messages of the protocol, and plays them to a session.</summary>
internal sealed class Wire
{
    private readonly List<(bool FromClient, byte[] Data)> _script = [];

    internal static Wire Session(string user = "alice", string database = "shop", string application = "psql") =>
        new Wire()
            .Client(Startup(("user", user), ("database", database), ("application_name", application)))
            .Server(Message('R', Int32(0)), Status("application_name", application), Ready());

    internal Wire Client(params byte[][] messages) => Add(true, messages);

    internal Wire Server(params byte[][] messages) => Add(false, messages);

    internal byte[] ClientBytes => [.. _script.Where(s => s.FromClient).SelectMany(s => s.Data)];

    /// <summary>Plays the script; each turn cut into chunks of a size.</summary>
    internal (PostgresSession Session, List<PostgresStatement> Statements) Play(int chunk = int.MaxValue, PostgresLimits? limits = null, bool end = true)
    {
        List<PostgresStatement> statements = [];
        PostgresSession session = new(limits ?? new PostgresLimits(), statements.Add);
        ulong now = 1000, received = 0, sent = 0;
        foreach ((bool fromClient, byte[] data) in _script)
        {
            for (int at = 0; at < data.Length; at += chunk)
            {
                now += 10;
                byte[] part = data[at..Math.Min(data.Length, (int)Math.Min(int.MaxValue, (long)at + chunk))];
                if (fromClient)
                {
                    session.Received(now, received, part);
                    received += (ulong)part.Length;
                }
                else
                {
                    session.Sent(now, sent, part);
                    sent += (ulong)part.Length;
                }
            }
        }

        if (end)
        {
            session.End(now + 10);
        }

        return (session, statements);
    }

    internal static byte[] Startup(params (string Name, string Value)[] parameters) =>
        Untyped(196608, [.. parameters.SelectMany(p => Text(p.Name).Concat(Text(p.Value))), 0]);

    internal static byte[] Untyped(int code, params byte[] body) => [.. Int32(8 + body.Length), .. Int32(code), .. body];

    internal static byte[] Message(char type, params byte[][] parts)
    {
        byte[] body = [.. parts.SelectMany(p => p)];
        return [(byte)type, .. Int32(body.Length + 4), .. body];
    }

    internal static byte[] SimpleQuery(string sql) => Message('Q', Text(sql));

    internal static byte[] Parse(string name, string sql, params int[] types) =>
        Message('P', Text(name), Text(sql), Int16(types.Length), [.. types.SelectMany(Int32)]);

    internal static byte[] Bind(string portal, string statement, int[] formats, params byte[]?[] values) =>
        Message(
            'B', Text(portal), Text(statement), Int16(formats.Length), [.. formats.SelectMany(Int16)], Int16(values.Length),
            [.. values.SelectMany(v => v is null ? Int32(-1) : Int32(v.Length).Concat(v))], Int16(0));

    internal static byte[] Describe(char what, string name) => Message('D', [(byte)what], Text(name));

    internal static byte[] Close(char what, string name) => Message('C', [(byte)what], Text(name));

    internal static byte[] Execute(string portal = "", int rows = 0) => Message('E', Text(portal), Int32(rows));

    internal static byte[] Sync() => Message('S');

    internal static byte[] Row(int size = 3) => Message('D', Int16(1), Int32(size), new byte[size]);

    internal static byte[] Complete(string tag) => Message('C', Text(tag));

    internal static byte[] Error(string code, string message, string severity = "ERROR") =>
        Message('E', [(byte)'S'], Text(severity), [(byte)'V'], Text(severity), [(byte)'C'], Text(code), [(byte)'M'], Text(message), [0]);

    internal static byte[] Ready(char state = 'I') => Message('Z', [(byte)state]);

    internal static byte[] Status(string name, string value) => Message('S', Text(name), Text(value));

    internal static byte[] Text(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    internal static byte[] Int16(int value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteInt16BigEndian(bytes, (short)value);
        return bytes;
    }

    internal static byte[] Int32(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private Wire Add(bool fromClient, byte[][] messages)
    {
        _script.Add((fromClient, [.. messages.SelectMany(m => m)]));
        return this;
    }
}
