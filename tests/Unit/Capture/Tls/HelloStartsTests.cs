using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Packet;
using ECapture.Protocols.Tls;

namespace ECapture.Tests.Unit.Capture.Tls;

public sealed class HelloStartsTests
{
    private static readonly byte[] s_random = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly byte[] s_hello = [0x16, 3, 1, 0, 80, 1, 0, 0, 76, 3, 3, .. s_random, 0, 0, 2, 0x13, 1, 1, 0];

    [Fact]
    public void Join_HelloInTwoSegmentsCutAnywhere_FoundOnce()
    {
        for (int cut = 1; cut < s_hello.Length; cut++)
        {
            HelloStarts starts = new();
            bool inFirst = ClientHello.TryParse(starts.Join(Flow(1), s_hello.AsSpan(0, cut)), out ClientHello hello);
            bool inSecond = ClientHello.TryParse(starts.Join(Flow(1), s_hello.AsSpan(cut)), out ClientHello late);

            Assert.True(inFirst ^ inSecond, $"cut at {cut}: {inFirst}, {inSecond}");
            Assert.Equal(s_random, (inFirst ? hello : late).Random.ToArray());
        }
    }

    [Fact]
    public void Join_ByteByByteBesideAnotherFlow_FoundWithItsRandom()
    {
        HelloStarts starts = new();
        for (int i = 0; i < HelloStarts.NeededBytes - 1; i++)
        {
            Assert.False(ClientHello.TryParse(starts.Join(Flow(1), s_hello.AsSpan(i, 1)), out _));
            Assert.False(ClientHello.TryParse(starts.Join(Flow(2), "GET / HTTP/1.1\r\n\r\n"u8), out _));
        }

        Assert.True(ClientHello.TryParse(starts.Join(Flow(1), s_hello.AsSpan(HelloStarts.NeededBytes - 1)), out ClientHello hello));
        Assert.Equal(s_random, hello.Random.ToArray());
    }

    [Fact]
    public void Join_NoHello_PayloadAsItIs()
    {
        HelloStarts starts = new();
        byte[][] payloads = [[1], [0x16, 9, 1], "GET /"u8.ToArray(), [0x17, 3, 3, 0, 1, 0], new byte[1500]];
        foreach (byte[] payload in payloads)
        {
            Assert.Equal(payload, starts.Join(Flow(1), payload).ToArray());
        }
    }

    [Fact]
    public void Join_FlowsThatNeverGoOn_AreForgotten()
    {
        const int Flows = 10_000;
        HelloStarts starts = new();
        for (int i = 0; i < Flows; i++)
        {
            starts.Join(Flow((ushort)i), s_hello.AsSpan(0, 10));
        }

        Assert.False(ClientHello.TryParse(starts.Join(Flow(0), s_hello.AsSpan(10)), out _)); // the oldest
        Assert.True(ClientHello.TryParse(starts.Join(Flow(Flows - 1), s_hello.AsSpan(10)), out _));
    }

    private static SocketTuple Flow(ushort port) => new() { Family = 2, Protocol = 6, LocalPort = port, RemotePort = 443 };
}
