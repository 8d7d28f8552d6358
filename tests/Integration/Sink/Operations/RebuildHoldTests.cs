using System.Buffers;
using ECapture.Events;
using ECapture.Sink.Rebuild;
using ECapture.Storage;
using ECapture.Storage.ClickHouse;
using ECapture.Storage.Partitions;
using ECapture.Storage.Tables;
using ECapture.Tests.Integration.Storage;

namespace ECapture.Tests.Integration.Sink.Operations;

/// <summary>What a sink stores in a partition while it is made anew would be lost by the swap: the sinks stay back to its end, or there is none.</summary>
public sealed class RebuildHoldTests(StoresFixture stores)
{
    private const string StillHeld = "SELECT toUInt64(argMax(until, at) > now64(3)) FROM sink_hold WHERE topic = 'bash'";

    private static readonly PartitionSpan s_span = new(PartitionUnit.Day, 20_000);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Begin_NothingIsWrittenForLong_TheHoldGoesOnAndEndsWithIt()
    {
        await using Store store = await OpenAsync();
        ClickHouseRebuild target = new(((ClickHouseStore)store).Engine, TimeSpan.FromSeconds(4));

        await using (IPartitionRebuild rebuild = await target.BeginAsync(EventTable.Of(Topics.Bash)!, s_span, Cancel))
        {
            await UntilAsync(store, "SELECT toUInt64(count() >= 3) FROM sink_hold WHERE topic = 'bash'", 1);
        }

        await UntilAsync(store, StillHeld, 0);
    }

    [Fact]
    public async Task Swap_HoldEndedInBetween_IsRefused()
    {
        await using Store store = await OpenAsync();
        EngineThatForgetsHolds engine = new(((ClickHouseStore)store).Engine);
        ClickHouseRebuild target = new(engine, TimeSpan.FromSeconds(1));
        await using IPartitionRebuild rebuild = await target.BeginAsync(EventTable.Of(Topics.Bash)!, s_span, Cancel);

        engine.IsAway = true;
        await UntilAsync(store, StillHeld, 0);
        engine.IsAway = false;

        StoreException e = await Assert.ThrowsAsync<StoreException>(() => rebuild.SwapAsync(Cancel));
        Assert.Contains("the sinks were not held back all the time", e.Message, StringComparison.Ordinal);
    }

    private async Task<Store> OpenAsync() => await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(StoreKind.ClickHouse, Cancel), StoreRole.Writer, Cancel);

    private async Task UntilAsync(Store store, string sql, long wanted)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(100));
        while (await stores.NumberAsync(store, sql) != wanted)
        {
            await Task.Delay(50, patience.Token);
        }
    }

    /// <summary>Statements about holds fail while it is away.</summary>
    private sealed class EngineThatForgetsHolds(IClickHouse engine) : IClickHouse
    {
        private volatile bool _isAway;

        public bool IsAway
        {
            set => _isAway = value;
        }

        public string Address => engine.Address;

        public Task ExecuteAsync(string sql, CancellationToken cancellationToken) =>
            _isAway && sql.Contains("sink_hold", StringComparison.Ordinal)
                ? Task.FromException(new StoreException("away", isTransient: true))
                : engine.ExecuteAsync(sql, cancellationToken);

        public Task InsertAsync(string sql, ReadOnlySequence<byte> native, CancellationToken cancellationToken) => engine.InsertAsync(sql, native, cancellationToken);

        public Task<Stream> QueryAsync(string sql, IReadOnlyDictionary<string, string> parameters, string format, CancellationToken cancellationToken) =>
            engine.QueryAsync(sql, parameters, format, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
