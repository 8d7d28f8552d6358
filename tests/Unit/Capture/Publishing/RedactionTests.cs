using System.Security.Cryptography;
using System.Text;
using ECapture.Capture;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Policies;
using ECapture.Policies.Redaction;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Capture.Publishing;

public sealed class RedactionTests
{
    private const string AllRules = "\"card-number\",\"bearer-token\",\"cookie\",\"sql-password\",\"shell-password\"";

    [Fact]
    public async Task PublishTlsData_SecretInside_OverwrittenCountedAndRestKept()
    {
        await using PublisherFixture fixture = Fixture("\"card-number\",\"bearer-token\"");
        string text = "POST / HTTP/1.1\r\nAuthorization: Bearer abc.def\r\n\r\ncard=4111111111111111;\n";
        fixture.Publisher.PublishTlsData(Topics.Tls, Connection(1), Direction.Sent, "openssl", 5, Encoding.ASCII.GetBytes(text));
        fixture.Drain();

        Event read = Assert.Single(fixture.Log.Events);
        Assert.Equal(
            text.Replace("abc.def", "*******", StringComparison.Ordinal).Replace("4111111111111111", new string('*', 16), StringComparison.Ordinal),
            read.TlsData.Data.ToStringUtf8());
        Assert.Equal(2u, read.Redaction.Count);
        Assert.Equal(["card-number", "bearer-token"], read.Redaction.Rules);
        Assert.Equal(5ul, read.TlsData.Offset);
        Assert.Null(read.Truncation);
    }

    [Fact]
    public async Task PublishTlsData_NothingToRedact_AsItWasAndAtOnce()
    {
        await using PublisherFixture fixture = Fixture(AllRules);
        fixture.Publisher.PublishTlsData(Topics.Tls, Connection(1), Direction.Sent, "openssl", 0, "GET / HTTP/1.1\r\n\r\n"u8);

        Assert.True(fixture.Publisher.IsWaiting); // in the batch, not held back
        fixture.Drain();
        Event read = Assert.Single(fixture.Log.Events);
        Assert.Equal("GET / HTTP/1.1\r\n\r\n", read.TlsData.Data.ToStringUtf8());
        Assert.Null(read.Redaction);
    }

    [Fact]
    public async Task PublishTlsData_EndIsOpen_WaitsForTheNextPieceOrAWhile()
    {
        await using PublisherFixture fixture = Fixture("\"card-number\"");
        fixture.Publisher.PublishTlsData(Topics.Tls, Connection(1), Direction.Sent, "openssl", 0, "card 41111111"u8);
        fixture.Publisher.PublishTlsData(Topics.Tls, Connection(2), Direction.Sent, "openssl", 0, "year 2026"u8);
        Assert.False(fixture.Publisher.IsWaiting);

        fixture.Publisher.PublishTlsData(Topics.Tls, Connection(1), Direction.Sent, "openssl", 13, "11111111 ok"u8);
        Assert.True(fixture.Publisher.IsWaiting);
        fixture.Publisher.ReleaseHeld(fixture.Now + TlsRedaction.HoldNs);
        fixture.Drain();

        Assert.Equal(["card ********", "******** ok", "year 2026"], fixture.Log.Events.Select(e => e.TlsData.Data.ToStringUtf8()));
        Assert.Equal([1u, 1u, null], fixture.Log.Events.Select(e => e.Redaction?.Count));
    }

    [Fact]
    public async Task PublishTlsData_OtherDirectionOrGapBetween_IsNoContinuation()
    {
        await using PublisherFixture fixture = Fixture("\"card-number\"");
        fixture.Publisher.PublishTlsData(Topics.Tls, Connection(1), Direction.Sent, "openssl", 0, "41111111"u8);
        fixture.Publisher.PublishTlsData(Topics.Tls, Connection(1), Direction.Received, "openssl", 8, "11111111."u8);
        fixture.Publisher.PublishTlsData(Topics.Tls, Connection(1), Direction.Sent, "openssl", 99, "11111111."u8);
        fixture.Drain();

        Assert.All(fixture.Log.Events, e => Assert.Null(e.Redaction));
        Assert.Equal(3, fixture.Log.Events.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task PublishTlsData_RandomPiecesOfAStream_NoPieceHoldsAPartOfASecret(int seed)
    {
        Random random = new(seed);
        string[] secrets =
        [
            "4111 1111 1111 1111", "5555555555554444", "eyJhbGciOiJub25lIn0.Zm9vYmFy", "sessionvalue0123456789", "pA55w0rd!", "B-471100",
        ];
        StringBuilder text = new();
        for (int i = 0; i < 200; i++)
        {
            text.Append(random.Next(7) switch
            {
                0 => $"card={secrets[0]}&",
                1 => $"n={secrets[1]};\r\n",
                2 => $"\r\nAuthorization: Bearer {secrets[2]}\r\n",
                3 => $"\r\nCookie: a={secrets[3]}; b={secrets[3]}\r\n",
                4 => $"CREATE ROLE x PASSWORD '{secrets[4]}';\n",
                5 => $"badge {secrets[5]} ",
                _ => new string((char)random.Next('a', 'z'), random.Next(300)) + random.Next(),
            });
        }

        byte[] all = Encoding.ASCII.GetBytes(text.ToString());
        await using PublisherFixture fixture = Fixture(AllRules + ",{\"name\":\"badge\",\"pattern\":\"B-[0-9]{6}\"}");
        for (int at = 0; at < all.Length;)
        {
            int length = Math.Min(all.Length - at, random.Next(3) == 0 ? 1 + random.Next(3) : 1 + random.Next(200));
            fixture.Publisher.PublishTlsData(Topics.Tls, Connection(1), Direction.Sent, "openssl", (ulong)at, all.AsSpan(at, length));
            at += length;
        }

        fixture.Drain();
        byte[] stored = new byte[all.Length];
        foreach (Event e in fixture.Log.Events)
        {
            e.TlsData.Data.Span.CopyTo(stored.AsSpan((int)e.TlsData.Offset));
        }

        string kept = Encoding.ASCII.GetString(stored);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, kept, StringComparison.Ordinal));
        // Not in part either: everything of a secret is overwritten, and nothing but secrets and what looks like one.
        string masked = secrets.Aggregate(text.ToString(), (t, secret) => t.Replace(secret, new string('*', secret.Length), StringComparison.Ordinal));
        Assert.Equal(masked, kept);
        Assert.Equal((ulong)all.Length, fixture.Log.Events.Aggregate(0ul, (sum, e) => sum + (ulong)e.TlsData.Data.Length));
    }

    [Fact]
    public void PublishTlsData_AnyTextInAnyPieces_NoLessIsOverwrittenThanInOne()
    {
        // Whole literals only: where one without an end swallows the next, both ways of reading are right.
        string[] pieces =
        [
            "Authorization: Bearer abc123def456", "authorization", "bearer tokentokentoken1", "Cookie: a=b; c=d", "set-cookie:x=y; Path=/", "\r\n", "\r\n ", "\n", "PASSWORD 'abc' ", "password=abc ",
            "password", "IDENTIFIED BY 'x''y' ", "IDENTIFIED WITH x AS 'y' ", "SET PASSWORD FOR a = 'b' ", " ", "identified", "https://u:p@h/", "mysql -psecret ", "curl -u a:b ", "://", "pass",
            "--token x ", "PGPASSWORD=x ", "; ", "4111 1111 1111 1111", "4111", " 1111", "5555555555554444", "B-123456", "B-12", "3456 ", "text and text ", "{\"password\": \"x\"} ", "\0",
        ];
        Policy policy = Parse("{\"modules\":{\"tls\":{\"redact\":[" + AllRules + ",{\"name\":\"badge\",\"pattern\":\"B-[0-9]{6}\"}]}}}");
        for (int seed = 0; seed < 300; seed++)
        {
            Random random = new(seed);
            byte[] all = Encoding.Latin1.GetBytes(string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => pieces[random.Next(pieces.Length)])));
            Redactor whole = Redactor.For(policy.For("tls"))!;
            byte[] expected = [.. all];
            whole.Find(expected, TextShape.Lines);
            whole.Overwrite(expected, 0);

            byte[] stored = new byte[all.Length];
            int next = 0;
            Redactor redactor = Redactor.For(policy.For("tls"))!;
            TlsRedaction streamed = new(redactor, (in HeldPiece piece, ReadOnlySpan<byte> data, int at) =>
            {
                Assert.Equal((ulong)next, piece.Offset); // in order, each once
                data.CopyTo(stored.AsSpan(next));
                redactor.Overwrite(stored.AsSpan(next, data.Length), at);
                next += data.Length;
            });
            for (int at = 0; at < all.Length;)
            {
                int length = Math.Min(all.Length - at, 1 + random.Next(random.Next(2) == 0 ? 4 : 60));
                streamed.Publish(new HeldPiece(Connection(1), Direction.Sent, "openssl", (ulong)at, length), all.AsSpan(at, length), 0);
                at += length;
            }

            streamed.ReleaseAll();
            Assert.Equal(all.Length, next);
            for (int i = 0; i < all.Length; i++)
            {
                Assert.True(
                    expected[i] == all[i] || stored[i] == (byte)'*',
                    $"seed {seed}, byte {i}:\n{Encoding.Latin1.GetString(all)}\n{Encoding.Latin1.GetString(expected)}\n{Encoding.Latin1.GetString(stored)}");
            }
        }
    }

    [Fact]
    public async Task PublishTlsData_ValueLongerThanTheWindow_OverwrittenToItsEnd()
    {
        await using PublisherFixture fixture = Fixture("\"bearer-token\"");
        byte[] all = Encoding.ASCII.GetBytes("Authorization: Bearer " + new string('k', 500_000) + "\r\nHost: x\r\n\r\n");
        for (int at = 0; at < all.Length; at += 16_384)
        {
            fixture.Publisher.PublishTlsData(
                Topics.Tls, Connection(1), Direction.Sent, "openssl", (ulong)at, all.AsSpan(at, Math.Min(16_384, all.Length - at)));
        }

        fixture.Drain();
        string kept = string.Concat(fixture.Log.Events.Select(e => e.TlsData.Data.ToStringUtf8()));
        Assert.Equal("Authorization: Bearer " + new string('*', 500_000) + "\r\nHost: x\r\n\r\n", kept);
    }

    [Fact]
    public async Task PublishTlsData_MoreOpenStreamsThanAreHeld_EveryEventOnce()
    {
        const int Connections = 5000;
        await using PublisherFixture fixture = Fixture("\"card-number\"");
        for (int i = 0; i < Connections; i++)
        {
            fixture.Publisher.PublishTlsData(Topics.Tls, Connection((ulong)i + 1), Direction.Sent, "openssl", 0, "open 4111"u8);
        }

        fixture.Drain();
        Assert.Equal(Connections, fixture.Log.Events.Select(e => e.Connection).Distinct().Count());
        Assert.Equal(Connections, fixture.Log.Events.Count);
    }

    [Fact]
    public async Task Publish_RedactedAndCut_HmacInsteadOfDigest()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        await using PublisherFixture fixture = new(new CaptureOptions
        {
            Policy = Parse("""{"modules":{"default":{"agent":{"keep":10},"redact":["card-number"]}}}"""),
            TruncationKey = key,
        });
        byte[] secret = "number 4111111111111111."u8.ToArray();
        byte[] harmless = "nothing of that kind, just text"u8.ToArray();
        foreach (byte[] text in (byte[][])[secret, harmless])
        {
            fixture.Publisher.Publish(Topics.Bash, PublisherFixture.Header(), new Event { ShellCommand = new ShellCommand { Text = ByteString.CopyFrom(text) } });
            fixture.Publisher.PublishTlsData(Topics.Tls, Connection((ulong)text.Length), Direction.Sent, "openssl", 0, text);
        }

        fixture.Drain();
        ILookup<bool, Event> events = fixture.Log.Events.ToLookup(e => e.Redaction is not null);
        Assert.Equal((2, 2), (events[true].Count(), events[false].Count()));
        Assert.All(events[true], e =>
        {
            Assert.Equal("number ***", (e.TlsData?.Data ?? e.ShellCommand.Text).ToStringUtf8());
            Assert.Equal((ulong)secret.Length, e.Truncation.Length);
            Assert.True(e.Truncation.Sha256.IsEmpty);
            Assert.Equal(HMACSHA256.HashData(key, secret), e.Truncation.HmacSha256.ToByteArray());
        });
        Assert.All(events[false], e =>
        {
            Assert.True(e.Truncation.HmacSha256.IsEmpty);
            Assert.Equal(SHA256.HashData(harmless), e.Truncation.Sha256.ToByteArray());
        });
    }

    [Fact]
    public async Task Publish_SqlStatement_EveryFieldThatCarriesTheSecret()
    {
        await using PublisherFixture fixture = Fixture("\"sql-password\",\"card-number\"", "postgres");
        fixture.Publisher.Publish(Topics.Postgres, PublisherFixture.Header(), new Event
        {
            SqlStatement = new SqlStatement
            {
                Statement = ByteString.CopyFromUtf8("ALTER ROLE bob PASSWORD 's3cret' CONNEKTION"),
                ErrorMessage = ByteString.CopyFromUtf8("syntax error near \"'s3cret' CONN\""),
                Application = ByteString.CopyFromUtf8("postgres://bob:other@h/d"),
                Parameters =
                {
                    new SqlStatement.Types.Parameter { Value = ByteString.CopyFromUtf8("4111111111111111") },
                    new SqlStatement.Types.Parameter { Value = ByteString.CopyFromUtf8("harmless") },
                },
            },
        });
        fixture.Drain();

        SqlStatement read = Assert.Single(fixture.Log.Events).SqlStatement;
        Assert.Equal("ALTER ROLE bob PASSWORD '******' CONNEKTION", read.Statement.ToStringUtf8());
        Assert.Equal("syntax error near \"'******' CONN\"", read.ErrorMessage.ToStringUtf8());
        Assert.Equal("postgres://bob:*****@h/d", read.Application.ToStringUtf8());
        Assert.Equal([new string('*', 16), "harmless"], read.Parameters.Select(p => p.Value.ToStringUtf8()));
        Assert.Equal(["sql-password", "card-number"], fixture.Log.Events[0].Redaction.Rules);
        Assert.Equal(3u, fixture.Log.Events[0].Redaction.Count);
    }

    [Fact]
    public async Task Publish_ArgumentsOfAProgram_InBothEventsThatCarryThem()
    {
        await using PublisherFixture fixture = new(new CaptureOptions { Policy = Parse("""{"modules":{"bash":{"redact":["shell-password"]}}}""") });
        ByteString[] arguments = [.. ((string[])["mysql", "-ps3cret two", "db"]).Select(ByteString.CopyFromUtf8)];
        fixture.Publisher.Publish(Topics.Bash, PublisherFixture.Header(), new Event
        {
            ShellCommand = new ShellCommand { Text = ByteString.CopyFromUtf8("mysql -ps3cret two db"), Arguments = { arguments } },
        });
        fixture.Publisher.Publish(Topics.Process, PublisherFixture.Header(), new Event { ProcessExec = new ProcessExec { Arguments = { arguments } } });
        fixture.Drain();

        ShellCommand command = fixture.Log.Events.Single(e => e.ShellCommand is not null).ShellCommand;
        Assert.Equal("mysql -p********** db", command.Text.ToStringUtf8());
        Assert.Equal(["mysql", "-p**********", "db"], command.Arguments.Select(a => a.ToStringUtf8()));
        Assert.Equal(["mysql", "-p**********", "db"], fixture.Log.Events.Single(e => e.ProcessExec is not null).ProcessExec.Arguments.Select(a => a.ToStringUtf8()));
    }

    private static PublisherFixture Fixture(string rules, string module = "tls") =>
        new(new CaptureOptions { Policy = Parse("{\"modules\":{\"" + module + "\":{\"redact\":[" + rules + "]}}}") });

    private static Policy Parse(string json)
    {
        PolicyReading reading = Policy.Read(Encoding.UTF8.GetBytes(json), "f", 100_000);
        Assert.Empty(reading.Errors);
        return reading.Policy!;
    }

    private static EventHeader Connection(ulong id)
    {
        EventHeader header = PublisherFixture.Header();
        header.Connection = id;
        return header;
    }
}
