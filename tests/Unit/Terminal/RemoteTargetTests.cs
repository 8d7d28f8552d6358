using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ECapture.Terminal.Delivery;

namespace ECapture.Tests.Unit.Terminal;

/// <summary>A receiver over TCP that stalls, vanishes and comes back.</summary>
public sealed class RemoteTargetTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private readonly ConcurrentQueue<string> _said = [];

    [Fact]
    public async Task Write_ReceiverThatReads_GetsEveryRecordInOrder()
    {
        using Receiver receiver = new();
        using RemoteTarget target = await StartAsync(receiver.Port, new RemoteOptions());
        Task<string> reading = receiver.ReadToEndAsync();
        string[] records = [.. Enumerable.Range(0, 1000).Select(i => $"record {i}")];
        foreach (string record in records)
        {
            target.Write(Encoding.ASCII.GetBytes(record + "\n"));
        }

        target.Complete();
        Assert.Equal(records, Lines(await reading.WaitAsync(s_patience, TestContext.Current.CancellationToken)));
        Assert.Empty(_said);
    }

    [Fact]
    public async Task Write_ReceiverThatStalls_IsBoundedAndDeclaresWhatWasLost()
    {
        const int Bound = 256 * 1024;
        using Receiver receiver = new();
        using RemoteTarget target = await StartAsync(receiver.Port, new RemoteOptions { MostQueuedBytes = Bound, DrainLimit = s_patience });
        byte[] record = Encoding.ASCII.GetBytes(new string('x', 1023) + "\n");
        const int Count = 20_000; // 20 MB: more than the bound and the kernel's buffers together
        for (int i = 0; i < Count; i++)
        {
            target.Write(record);
            Assert.InRange(target.QueuedBytes, 0, Bound);
        }

        // It reads again: what was kept comes, then how many were lost, then what is new.
        Task<string> reading = receiver.ReadToEndAsync();
        await WaitAsync(() => target.QueuedBytes == 0, "the queue is empty");
        target.Write("after\n"u8);
        target.Complete();
        string[] lines = Lines(await reading.WaitAsync(s_patience, TestContext.Current.CancellationToken));
        int received = lines.Count(l => l.Length == 1023);
        int lost = lines.Where(l => l.StartsWith("lost ", StringComparison.Ordinal)).Sum(l => int.Parse(l.AsSpan(5), CultureInfo.InvariantCulture));
        Assert.InRange(lost, 1, Count);
        Assert.Equal(Count, received + lost);
        Assert.Equal("after", lines[^1]);
    }

    [Fact]
    public async Task Write_ReceiverThatVanishesAndComesBack_GoesOnWithWhatWasKept()
    {
        using Receiver first = new();
        int port = first.Port;
        using RemoteTarget target = await StartAsync(port, new RemoteOptions { FirstPause = TimeSpan.FromMilliseconds(10), LongestPause = TimeSpan.FromMilliseconds(50), DrainLimit = s_patience });
        target.Write("one\n"u8);
        Assert.Equal("one", await first.ReadLineAsync());
        first.Dispose();
        await WaitAsync(() => !_said.IsEmpty, "the loss of the connection is said");
        target.Write("two\n"u8);
        target.Write("three\n"u8);

        using Receiver second = new(port);
        Task<string> reading = second.ReadToEndAsync();
        await WaitAsync(() => target.QueuedBytes == 0, "what was kept is sent");
        target.Complete();
        Assert.Equal(["two", "three"], Lines(await reading.WaitAsync(s_patience, TestContext.Current.CancellationToken)));
        Assert.Contains(_said, s => s.Contains("connected again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_NobodyListens_Fails()
    {
        using RemoteTarget target = Create(ECapture.Tests.Support.FreePort.Next(), new RemoteOptions());
        await Assert.ThrowsAnyAsync<IOException>(() => target.StartAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Complete_ReceiverThatStalls_EndsAndSaysWhatWasNotDelivered()
    {
        using Receiver receiver = new();
        using RemoteTarget target = await StartAsync(receiver.Port, new RemoteOptions { DrainLimit = TimeSpan.FromMilliseconds(50) });
        target.Write(new byte[7 << 20]);
        target.Write(new byte[1 << 19]);
        target.Complete();
        Assert.Contains("bytes were not delivered", Assert.Single(_said), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:8080", "tcp")]
    [InlineData("wss://host:1/path", "wss")]
    [InlineData("/var/log/x.log", null)]
    [InlineData("events.log", null)]
    public void Parse_Address_IsServerOrFile(string text, string? scheme) => Assert.Equal(scheme, TargetAddress.Parse(text).Server?.Scheme);

    [Theory]
    [InlineData("")]
    [InlineData("tcp://127.0.0.1")]
    [InlineData("tcp://host:99999")]
    [InlineData("http://host/")]
    [InlineData("ws://user:secret@host/")]
    [InlineData("tcp://host:1/path")]
    public void Parse_WrongAddress_IsRefused(string text) => Assert.Throws<FormatException>(() => TargetAddress.Parse(text));

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static async Task WaitAsync(Func<bool> condition, string what)
    {
        long end = Environment.TickCount64 + (long)s_patience.TotalMilliseconds;
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(5));
        while (!condition())
        {
            Assert.True(Environment.TickCount64 < end, $"not within {s_patience}: {what}");
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    private async Task<RemoteTarget> StartAsync(int port, RemoteOptions options)
    {
        RemoteTarget target = Create(port, options);
        await target.StartAsync(TestContext.Current.CancellationToken);
        return target;
    }

    private RemoteTarget Create(int port, RemoteOptions options) =>
        new("test", () => new TcpChannel("127.0.0.1", port), lost => Encoding.ASCII.GetBytes($"lost {lost}\n"), options, _said.Enqueue);

    private sealed class Receiver : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly Task<Socket> _accepted;
        private StreamReader? _reader;

        internal Receiver(int port = 0)
        {
            _listener.ReceiveBufferSize = 64 * 1024;
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
            _listener.Listen();
            _accepted = _listener.AcceptAsync();
        }

        internal int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

        public void Dispose()
        {
            _listener.Dispose();
            if (_accepted.IsCompletedSuccessfully)
            {
                _accepted.Result.Dispose();
            }
        }

        internal async Task<string?> ReadLineAsync() => await (await ReaderAsync()).ReadLineAsync();

        internal async Task<string> ReadToEndAsync() => await (await ReaderAsync()).ReadToEndAsync();

        private async Task<StreamReader> ReaderAsync() => _reader ??= new StreamReader(new NetworkStream(await _accepted), Encoding.ASCII);
    }
}
