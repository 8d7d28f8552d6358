using ECapture.Fuzz;
using ECapture.Protocols.Http;

namespace ECapture.Tests.Unit.Protocols.Http;

public sealed class BodyTests
{
    private static readonly byte[] s_text = Frames.Text(string.Concat(Enumerable.Repeat("a line that compresses\n", 2000)));

    public static TheoryData<string> Codings => ["gzip", "x-gzip", "deflate", "raw", "br", "gzip, br", "GZIP;q=1"];

    [Theory]
    [MemberData(nameof(Codings))]
    public void Decode_KnownCoding_GivesTheContent(string coding)
    {
        byte[] coded = Code(coding);
        HttpBody body = Fetch(coding == "raw" ? "deflate" : coding, coded).Response!.Body;
        Assert.Equal(HttpBodyState.Decoded, body.State);
        Assert.Equal(s_text, body.Content.ToArray());
        Assert.Equal(coded, body.Raw.ToArray());
        Assert.False(body.IsCut);
    }

    [Theory]
    [InlineData("gzip", HttpBodyState.Undecodable)]
    [InlineData("br", HttpBodyState.Undecodable)]
    [InlineData("deflate", HttpBodyState.Undecodable)]
    [InlineData("zstd", HttpBodyState.UnsupportedCoding)]
    [InlineData("gzip, zstd", HttpBodyState.UnsupportedCoding)]
    public void Decode_WrongOrUnknownCoding_KeepsTheRawBytes(string coding, HttpBodyState expected)
    {
        byte[] raw = Frames.Text("\u00ff\u00ff\u00ff\u00ff this is nothing that was ever compressed");
        HttpExchange exchange = Fetch(coding, raw);
        Assert.Equal(expected, exchange.Response!.Body.State);
        Assert.Equal(raw, exchange.Response.Body.Content.ToArray());
        Assert.Equal(HttpProblems.BodyUndecodable, exchange.Problems);
        Assert.True(exchange.IsComplete);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public void Decode_Bomb_StopsAtTheLimit(string coding)
    {
        byte[] zeros = new byte[64 * 1024 * 1024];
        byte[] bomb = coding switch { "gzip" => Frames.Gzip(zeros), "deflate" => Frames.Zlib(zeros), _ => Frames.Brotli(zeros) };
        long before = GC.GetAllocatedBytesForCurrentThread();
        HttpExchange exchange = Fetch(coding, bomb, new HttpLimits { MaxDecodedBytes = 100_000 });
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(100_000, exchange.Response!.Body.Content.Length);
        Assert.True(exchange.Response.Body.IsCut);
        Assert.Equal(HttpProblems.BodyCut, exchange.Problems);
        Assert.True(allocated < 8 * 1024 * 1024, $"{allocated} bytes were allocated");
    }

    [Fact]
    public void Decode_EndNotKept_GivesTheBeginning()
    {
        byte[] random = new byte[200_000];
        new Random(5).NextBytes(random);
        for (int i = 0; i < random.Length; i++)
        {
            random[i] &= 15;
        }

        byte[] coded = Frames.Gzip(random);
        HttpBody body = Fetch("gzip", coded, new HttpLimits { MaxBodyBytes = coded.Length / 2 }).Response!.Body;
        Assert.Equal((HttpBodyState.Decoded, true, (long)coded.Length), (body.State, body.IsCut, body.RawLength));
        Assert.True(body.Content.Length > 50_000);
        Assert.Equal(random.AsSpan(0, body.Content.Length).ToArray(), body.Content.ToArray());
    }

    [Fact]
    public void Decode_EmptyContent_IsEmpty()
    {
        HttpBody body = Fetch("gzip", Convert.FromHexString("1f8b080000000000000303000000000000000000")).Response!.Body;
        Assert.Equal((HttpBodyState.Decoded, 0), (body.State, body.Content.Length));
    }

    [Fact]
    public void Keep_BodyAboveTheLimit_BeginningAndTrueLength()
    {
        HttpExchange exchange = Fetch("identity", new byte[300_000], new HttpLimits { MaxBodyBytes = 1000 });
        Assert.Equal((1000, 300_000, true), (exchange.Response!.Body.Raw.Length, exchange.Response.Body.RawLength, exchange.Response.Body.IsCut));
        Assert.Equal(HttpProblems.BodyCut, exchange.Problems);
    }

    [Fact]
    public void Keep_ManyStreamsWithBodies_StaysWithinTheConnectionsMemory()
    {
        var limits = new HttpLimits { MaxBufferedBytes = 256 * 1024 };
        HttpDriver driver = new HttpDriver(limits).Send(Frames.Preface);
        for (int id = 1; id < 400; id += 2)
        {
            driver.Send(Frames.Frame(1, 4, id, [0x83, 0x86, 0x84]), Frames.Frame(0, 0, id, new byte[16000]));
            Assert.InRange(driver.Connection.BufferedBytes, 1, limits.MaxBufferedBytes);
        }

        driver.Close();
        Assert.Equal(200, driver.Exchanges.Count);
        Assert.Equal(0, driver.Connection.BufferedBytes);
        Assert.All(driver.Exchanges, static e => Assert.Equal(16000, e.Request!.Body.RawLength));
    }

    private static byte[] Code(string coding) => coding switch
    {
        "deflate" => Frames.Zlib(s_text),
        "raw" => Frames.Deflate(s_text),
        "br" => Frames.Brotli(s_text),
        "gzip, br" => Frames.Brotli(Frames.Gzip(s_text)),
        _ => Frames.Gzip(s_text),
    };

    private static HttpExchange Fetch(string coding, byte[] body, HttpLimits? limits = null) => new HttpDriver(limits)
        .Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        .Receive(Frames.Text($"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {body.Length}\r\n\r\n"), body).Single();
}
