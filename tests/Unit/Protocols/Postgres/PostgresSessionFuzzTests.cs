using ECapture.Protocols.Postgres;
using static ECapture.Tests.Unit.Protocols.Postgres.Wire;

namespace ECapture.Tests.Unit.Protocols.Postgres;

/// <summary>Seeded: a failure names the seed that repeats it.</summary>
public sealed class PostgresSessionFuzzTests
{
    [Fact]
    public void Play_MutatedSessions_NeverThrowsAndStaysBounded()
    {
        for (int seed = 0; seed < 3000; seed++)
        {
            Random random = new(seed);
            int statements = 0;
            PostgresLimits limits = new() { Payload = 4096, Pending = 64, Memory = 32 * 1024, Names = 8 };
            PostgresSession session = new(limits, s =>
            {
                statements++;
                Assert.True(s.Text.Length <= 4096, $"seed {seed}");
                Assert.True(s.OriginalLength >= 0, $"seed {seed}");
            });
            ulong received = 0, sent = 0;
            for (int turn = 0; turn < 60; turn++)
            {
                byte[] data = Mutate(random, random.Next(2) == 0 ? ClientTurn(random) : ServerTurn(random));
                for (int at = 0; at < data.Length;)
                {
                    int count = Math.Min(data.Length - at, random.Next(1, 300));
                    if (random.Next(2) == 0)
                    {
                        received += Jump(random);
                        session.Received((ulong)turn, received, data.AsSpan(at, count));
                        received += (ulong)count;
                    }
                    else
                    {
                        sent += Jump(random);
                        session.Sent((ulong)turn, sent, data.AsSpan(at, count));
                        sent += (ulong)count;
                    }

                    at += count;
                }
            }

            session.End(100);
            Assert.True(statements < 60 * 20, $"seed {seed}: {statements}");
        }
    }

    [Fact]
    public void Received_AnnouncedLengths_AllocateOnlyWhatCame()
    {
        PostgresSession session = new(new PostgresLimits(), _ => { });
        session.Received(1, 0, Startup(("user", "u")));
        long before = GC.GetAllocatedBytesForCurrentThread();
        session.Received(2, (ulong)Startup(("user", "u")).Length, [(byte)'Q', 0x3f, 0xff, 0xff, 0xff, (byte)'x']);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }

    [Fact]
    public void Received_ClientThatNeverReadsAnswers_IsGivenUpInBoundedSteps()
    {
        int statements = 0;
        PostgresSession session = new(new PostgresLimits { Pending = 100 }, _ => statements++);
        ulong at = 0;
        foreach (byte[] message in Enumerable.Repeat(SimpleQuery("select 1"), 1000).Prepend(Startup(("user", "u"))))
        {
            session.Received(1, at, message);
            at += (ulong)message.Length;
        }

        Assert.InRange(statements, 900, 1000);
    }

    private static ulong Jump(Random random) => random.Next(50) == 0 ? (ulong)random.Next(2000) : 0;

    private static byte[] ClientTurn(Random random) => random.Next(9) switch
    {
        0 => SimpleQuery(new string('q', random.Next(6000))),
        1 => [.. Parse("n", "select", 1, 2), .. Bind("", "n", [random.Next(3)], new byte[random.Next(5000)], null), .. Execute(), .. Sync()],
        2 => [.. Describe('S', "n"), .. Describe('P', ""), .. Close('S', "n"), .. Close('P', "")],
        3 => Message('F', Int32(1), Int16(0), Int16(random.Next(-1, 5))),
        4 => [.. Message('d', new byte[random.Next(500)]), .. Message('c'), .. Message('f', Text("x"))],
        5 => Startup(("user", "u"), ("database", "d")),
        6 => Untyped(80877103),
        7 => [.. Execute(), .. Sync(), .. Sync()],
        _ => Bind("p" + random.Next(20), "n" + random.Next(20), [], new byte[random.Next(100)]),
    };

    private static byte[] ServerTurn(Random random) => random.Next(8) switch
    {
        0 => [.. Row(), .. Row(), .. Complete("SELECT 2"), .. Ready()],
        1 => [.. Message('1'), .. Message('2'), .. Complete("INSERT 0 99999999999999999999"), .. Ready()],
        2 => [.. Error("XX000", "m"), .. Ready('E')],
        3 => [.. Message('t', Int16(random.Next(-5, 5)), Int32(1)), .. Message('T', Int16(0)), .. Message('n')],
        4 => Message('G', [0], Int16(0)),
        5 => [.. Message('3'), .. Message('I'), .. Message('s')],
        6 => Status("application_name", new string('a', random.Next(100))),
        _ => Message('E', new byte[random.Next(20)]),
    };

    private static byte[] Mutate(Random random, byte[] data)
    {
        switch (random.Next(6))
        {
            case 0:
                for (int i = random.Next(4); i >= 0 && data.Length > 0; i--)
                {
                    data[random.Next(data.Length)] = (byte)random.Next(256);
                }

                return data;
            case 1:
                byte[] noise = new byte[random.Next(400)];
                random.NextBytes(noise);
                return noise;
            case 2:
                return data[random.Next(data.Length + 1)..];
            default:
                return data;
        }
    }
}
