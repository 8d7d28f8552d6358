using System.Text;
using ECapture.Capture;
using ECapture.Capture.Bpf;
using ECapture.Capture.Filters;
using ECapture.Capture.Publishing;
using ECapture.Log;
using ECapture.Log.Streams;
using ECapture.Tests.Support.Capture;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.Unit.Capture.Publishing;

/// <summary>A publisher over a log in memory and a clock that the test moves.</summary>
internal sealed class PublisherFixture : IAsyncDisposable
{
    internal const ulong Start = 5_000_000_000;
    internal static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);

    /// <param name="options">Tenant t, host h when there are none.</param>
    /// <param name="retryLimit">How long an append is tried again; not at all when it is not said.</param>
    /// <param name="log">Another log than <see cref="Log"/>.</param>
    /// <param name="filter">What of all is captured; all when there is none.</param>
    internal PublisherFixture(CaptureOptions? options = null, TimeSpan? retryLimit = null, ILogWriter? log = null, CaptureFilter? filter = null)
    {
        Clock = new AgentClock(() => Now, () => Now + 1_700_000_000_000_000_000);
        Losses = new LossAccount(Clock);
        Publisher = new EventPublisher(
            Identity, Open(options ?? new CaptureOptions { Tenant = "t", Host = "h" }), Clock, Losses, log ?? Log, NullLoggerFactory.Instance,
            retryLimit ?? TimeSpan.Zero, filter is null ? null : new EventGate(filter, Losses, () => Now));
    }

    internal ulong Now { get; set; } = Start;

    internal AgentIdentity Identity { get; } = new(Guid.CreateVersion7(), Guid.NewGuid(), "t", "h", "1", "6.18");

    internal RecordingLog Log { get; } = new();

    internal AgentClock Clock { get; }

    internal LossAccount Losses { get; }

    internal EventPublisher Publisher { get; }

    internal static EventHeader Header(uint pid = 7, string comm = "curl")
    {
        EventHeader header = new() { BootNs = Start, Pid = pid, Tid = pid + 1, Uid = 1000, ProcessStart = 99 };
        Encoding.ASCII.GetBytes(comm, header.Comm);
        return header;
    }

    internal static SocketTuple Tuple(ReadOnlySpan<byte> local, ushort localPort, ReadOnlySpan<byte> remote, ushort remotePort)
    {
        SocketTuple tuple = new() { LocalPort = localPort, RemotePort = remotePort, Family = 2, Protocol = 6, Netns = 4026531840 };
        Fill(local, tuple.Local);
        Fill(remote, tuple.Remote);
        return tuple;
    }

    internal void Drain() => Assert.True(Publisher.Drain(Wait), "the publisher did not drain");

    public ValueTask DisposeAsync() => Publisher.DisposeAsync();

    // Only tests about sealing name recipients.
    private static CaptureOptions Open(CaptureOptions options) => options with { KeepSecretsOpen = options.SealTo.Count == 0 };

    private static void Fill(ReadOnlySpan<byte> address, Span<byte> to)
    {
        if (address.Length == 4)
        {
            to[10] = to[11] = 0xff;
        }

        address.CopyTo(to[^address.Length..]);
    }
}
