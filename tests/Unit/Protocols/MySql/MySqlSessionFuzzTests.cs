using ECapture.Protocols.MySql;

namespace ECapture.Tests.Unit.Protocols.MySql;

public sealed class MySqlSessionFuzzTests
{
    private static readonly byte[] s_commands = [1, 2, 3, 4, 9, 0x0e, 0x11, 0x12, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1c, 0x1f, 0xfa, 0xff];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Session_HostileBytesAndGaps_NeverThrowsAndStaysInItsLimits(int seed)
    {
        const int Payload = 4096;
        Random random = new(seed);
        int statements = 0;
        for (int session = 0; session < 3000; session++)
        {
            uint capabilities = (uint)random.Next() & ~Wire.Compress;
            Wire wire = Wire.LoggedIn(random.Next(2) == 0 ? 0 : capabilities & 0x0b800000, new MySqlLimits { Payload = Payload, Pending = 16, Memory = 64 * 1024, Statements = 8 });
            for (int step = 0; step < 200 && !wire.Session.HasEnded; step++)
            {
                Step(random, wire);
            }

            wire.Session.End(1);
            statements += wire.Statements.Count;
            Assert.All(wire.Statements, s =>
            {
                Assert.InRange(s.Text.Length, 0, Payload);
                Assert.InRange(s.Parameters.Sum(p => (long)(p.Value?.Length ?? 0)), 0, 16 * Payload);
            });
        }

        Assert.True(statements > 5000, $"{statements} statements");
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void Session_ChunksOfAnySize_GivesTheSame(int seed)
    {
        Random random = new(seed);
        Wire whole = Wire.LoggedIn();
        Wire pieces = Wire.LoggedIn();
        for (int i = 0; i < 500; i++)
        {
            byte[] command = [0, 0, 0, 0, 3, .. Bytes(random, 50)];
            command[0] = (byte)(command.Length - 4);
            byte[] answer = [1, 0, 0, 1, 1, 4, 0, 0, 2, .. Wire.Text("def"), 5, 0, 0, 3, .. Wire.Eof(), 2, 0, 0, 4, 1, (byte)'a', 5, 0, 0, 5, .. Wire.Eof()];
            whole.Received(command);
            whole.Sent(answer);
            Cut(random, command, pieces.Received);
            Cut(random, answer, pieces.Sent);
        }

        Assert.Equal(500, whole.Statements.Count);
        Assert.Equal(whole.Statements.Select(s => (Convert.ToHexString(s.Text.Span), s.Rows)), pieces.Statements.Select(s => (Convert.ToHexString(s.Text.Span), s.Rows)));
    }

    private static void Step(Random random, Wire wire)
    {
        switch (random.Next(13))
        {
            case 0:
                wire.LoseReceived(random.Next(1, 100));
                break;
            case 1:
                wire.LoseSent(random.Next(1, 100));
                break;
            case 12:
                wire.LeaveOut((ulong)random.Next(9), random.Next(1, 100));
                wire.LeaveOutOfFile(random.Next(1, 100));
                break;
            case 2:
                wire.Received(Bytes(random, 40));
                break;
            case 3:
                wire.Sent(Bytes(random, 40));
                break;
            case 4 or 5:
                wire.Server((byte)random.Next(3), Bytes(random, 30));
                break;
            case 6 or 7:
                wire.Server(1, random.Next(3) == 0 ? Wire.Error(1, "HY000", "x") : Wire.Ok((byte)random.Next(250), (ushort)random.Next(65536)));
                break;
            case 8:
                wire.Server(1, [0, 1, 0, 0, 0, (byte)random.Next(2), 0, (byte)random.Next(4), 0, 0, 0, 0]);
                break;
            default:
                byte[] body = Bytes(random, random.Next(20) == 0 ? 9000 : 60);
                wire.Client(0, [s_commands[random.Next(s_commands.Length)], .. random.Next(2) == 0 ? new byte[] { 1, 0, 0, 0 } : [], .. body]);
                break;
        }
    }

    private static void Cut(Random random, byte[] bytes, Action<byte[]> take)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int length = Math.Min(random.Next(1, 8), bytes.Length - at);
            take(bytes[at..(at + length)]);
            at += length;
        }
    }

    private static byte[] Bytes(Random random, int most)
    {
        byte[] bytes = new byte[random.Next(1, most)];
        random.NextBytes(bytes);
        return bytes;
    }
}
