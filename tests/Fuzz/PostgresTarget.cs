using System.Buffers.Binary;
using ECapture.Protocols.Postgres;

namespace ECapture.Fuzz;

/// <summary>Sessions of simple and extended queries, changed, cut and with gaps.</summary>
public sealed class PostgresTarget : IFuzzTarget
{
    private static readonly (bool Client, byte[] Bytes)[] s_session =
    [
        (true, Frames.Join([0, 0, 0, 33, 0, 3, 0, 0], "user\0me\0database\0db\0\0\0\0\0"u8.ToArray())),
        (false, Frames.Join(Message('R', [0, 0, 0, 0]), Message('Z', "I"u8.ToArray()))),
        (true, Message('Q', "select 1; select 2\0"u8.ToArray())),
        (false, Frames.Join(Message('C', "SELECT 1\0"u8.ToArray()), Message('C', "SELECT 1\0"u8.ToArray()), Message('Z', "I"u8.ToArray()))),
        (true, Frames.Join(
            Message('P', "s1\0select $1\0\0\u0001\0\0\0\u0017"u8.ToArray()), Message('B', "\0s1\0\0\0\0\u0001\0\0\0\u000242\0\0"u8.ToArray()),
            Message('E', "\0\0\0\0\0"u8.ToArray()), Message('S', []))),
        (false, Frames.Join(Message('1', []), Message('2', []), Message('D', [0, 1, 0, 0, 0, 1, (byte)'1']), Message('C', "SELECT 1\0"u8.ToArray()), Message('Z', "I"u8.ToArray()))),
        (true, Message('Q', "select 1/0\0"u8.ToArray())),
        (false, Frames.Join(Message('E', "SERROR\0C22012\0Mdivision by zero\0\0"u8.ToArray()), Message('Z', "I"u8.ToArray()))),
    ];

    private static readonly PostgresLimits s_limits = new() { Payload = 1024, Pending = 32, Memory = 16 * 1024, Names = 16 };

    public string Name => "postgres";

    public (long Fed, long Kept) Run(Random random)
    {
        var session = new PostgresSession(s_limits, static _ => { });
        ulong[] at = [0, 0];
        long fed = 0;
        for (int round = random.Next(1, 4); round > 0; round--)
        {
            foreach ((bool client, byte[] original) in s_session)
            {
                byte[] bytes = random.Next(2) == 0 ? original : Mutator.Change(original, random);
                for (int start = 0; start < bytes.Length;)
                {
                    int piece = Math.Min(bytes.Length - start, random.Next(1, 200));
                    if (random.Next(20) == 0)
                    {
                        PassOver(session, client, at[client ? 1 : 0], (ulong)piece);
                    }
                    else
                    {
                        Feed(session, client, at[client ? 1 : 0], bytes.AsSpan(start, random.Next(20) == 0 ? 0 : piece), random.Next(4) == 0);
                    }

                    at[client ? 1 : 0] += (ulong)piece;
                    start += piece;
                    fed += piece;
                }
            }
        }

        session.End(9);
        return (fed, 0);
    }

    private static void PassOver(PostgresSession session, bool client, ulong offset, ulong bytes)
    {
        if (client)
        {
            session.ReceivedLeftOut(1, offset, bytes);
        }
        else
        {
            session.SentLeftOut(1, offset, bytes, bytes / 7);
        }
    }

    private static void Feed(PostgresSession session, bool client, ulong offset, ReadOnlySpan<byte> bytes, bool begins)
    {
        if (client)
        {
            session.Received(1, offset, bytes, begins);
        }
        else
        {
            session.Sent(1, offset, bytes, begins);
        }
    }

    private static byte[] Message(char type, byte[] body)
    {
        byte[] message = [(byte)type, 0, 0, 0, 0, .. body];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), body.Length + 4);
        return message;
    }
}
