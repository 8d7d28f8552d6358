using System.Runtime.CompilerServices;
using System.Text;
using ECapture.Storage;
using ECapture.Storage.Reading;

namespace ECapture.Tests.Integration.Querying;

/// <summary>A store with one session that never ends: shows who stops reading, and when.</summary>
internal sealed class EndlessStore(long? failAfter) : IEventStoreReader
{
    private static readonly FlowKey s_flow = new("h", 1, 5);
    private readonly long _failAfter = failAfter ?? long.MaxValue;

    public string Address => "endless:";

    public bool ReadsAhead => false;

    public long Read { get; private set; }

    public TaskCompletionSource Disposed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task PingAsync(CancellationToken cancellationToken) => throw new StoreException("endless: cannot be reached", isTransient: true);

    public Task<IReadOnlyList<TopicStatus>> StatusAsync(CancellationToken cancellationToken) => throw new StoreException("endless: cannot be reached", isTransient: true);

    public Task<IReadOnlyList<HistogramBucket>> HistogramAsync(EventFilter filter, long width, CancellationToken cancellationToken) =>
        throw new StoreException("endless: broken", isTransient: false);

    /// <summary>True: a search is never answered.</summary>
    public bool IsSilent { get; init; }

    /// <summary>A search was told to stop.</summary>
    public TaskCompletionSource Stopped { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async IAsyncEnumerable<StoredEvent> SearchAsync(
        EventFilter filter, EventOrder order, EventCursor? after, int? limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!IsSilent)
        {
            throw new StoreException("endless: broken", isTransient: false);
        }

        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Stopped.SetResult();
        cancellationToken.ThrowIfCancellationRequested();
        yield break;
    }

    public async IAsyncEnumerable<FlowMatch> MatchFlowsAsync(EventFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        yield return new FlowMatch(s_flow, 0, new ProcessFact(1, 1, 0, "p", 0), 80, 1000, 2000);
    }

    public IAsyncEnumerable<ConnectionFact> ConnectionFactsAsync(
        TimeRange range, IReadOnlyCollection<ulong>? flows, IReadOnlyCollection<ulong>? connections, CancellationToken cancellationToken) =>
        AsyncEnumerable.Empty<ConnectionFact>();

    public Task<IReadOnlyList<ConnectionTraffic>> TrafficAsync(EventFilter filter, CancellationToken cancellationToken) =>
        throw new StoreException("endless: broken", isTransient: false);

    public Task<IReadOnlyList<StatementGroup>> StatementGroupsAsync(EventFilter filter, int limit, CancellationToken cancellationToken) =>
        throw new StoreException("endless: broken", isTransient: false);

    public IAsyncEnumerable<StoredSecret> SecretsAsync(
        TimeRange range, IReadOnlyCollection<byte[]>? clientRandoms, IReadOnlyCollection<ulong> flows, IReadOnlyCollection<ulong> connections,
        CancellationToken cancellationToken) => AsyncEnumerable.Empty<StoredSecret>();

    public Task<IReadOnlyList<SealedRows>> SealedRowsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<SealedRows>>([]);

    public Task<IReadOnlyList<StoredInterface>> InterfacesAsync(PacketQuery query, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<StoredInterface>>([new StoredInterface("h", "lo", 1)]);

    public Task<IPacketCursor> PacketsAsync(PacketQuery query, CancellationToken cancellationToken) =>
        Task.FromResult<IPacketCursor>(new Cursor(this));

    public Task<IPacketCursor> SmallTcpPacketsAsync(PacketQuery query, CancellationToken cancellationToken) =>
        Task.FromResult<IPacketCursor>(new Empty());

    private sealed class Cursor(EndlessStore store) : IPacketCursor
    {
        private static readonly byte[] s_frame = new byte[1400];
        private static readonly byte[] s_host = Encoding.UTF8.GetBytes("h");
        private static readonly byte[] s_name = Encoding.UTF8.GetBytes("lo");

        public ReadOnlySpan<byte> Host => s_host;

        public uint NetworkNamespace => 1;

        public ulong Flow => 5;

        public long Time => 1000;

        public ReadOnlySpan<byte> Interface => s_name;

        public ushort LinkType => 0;

        public byte Direction => 1;

        public uint OriginalLength => 1400;

        public uint Pid => 0;

        public ReadOnlySpan<byte> Process => default;

        public ushort LocalPort => 80;

        public ReadOnlySpan<byte> Data => s_frame;

        // Every 64th packet is waited for, as the next block of a store is; a store that is never waited for would keep all threads of the process.
        public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
        {
            if (store.Read % 64 == 0)
            {
                await Task.Yield();
            }

            cancellationToken.ThrowIfCancellationRequested();
            store.Read++;
            return store.Read > store._failAfter
                ? throw new StoreException("endless: broke in the middle", isTransient: true)
                : true;
        }

        public ValueTask DisposeAsync()
        {
            store.Disposed.TrySetResult();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Empty : IPacketCursor
    {
        public ReadOnlySpan<byte> Host => default;

        public uint NetworkNamespace => 0;

        public ulong Flow => 0;

        public long Time => 0;

        public ReadOnlySpan<byte> Interface => default;

        public ushort LinkType => 0;

        public byte Direction => 0;

        public uint OriginalLength => 0;

        public uint Pid => 0;

        public ReadOnlySpan<byte> Process => default;

        public ushort LocalPort => 0;

        public ReadOnlySpan<byte> Data => default;

        public ValueTask<bool> ReadAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
