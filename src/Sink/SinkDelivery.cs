using ECapture.Sink.ClickHouse;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Delivery;
using ECapture.Sink.Postgres;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using Microsoft.Extensions.Logging;

namespace ECapture.Sink;

/// <summary>Chooses the delivery protocol of a store.</summary>
public static class SinkDelivery
{
    /// <summary>The protocol of a store that was opened for writing.</summary>
    /// <param name="store">The store.</param>
    /// <param name="clock">Time.</param>
    /// <param name="logger">Log.</param>
    /// <param name="rotation">What new partitions of a table cover, where the store can choose (PostgreSQL); null: days.</param>
    /// <param name="letterTopic">Where dead letters go before the store has them; null: to the store alone.</param>
    public static IDelivery For(
        Store store, TimeProvider clock, ILogger logger, Func<string, PartitionUnit>? rotation = null, IDeadLetterTopic? letterTopic = null) => store switch
        {
            ClickHouseStore s => new PlannedDelivery(new ClickHousePlanStore(s.Engine.Reserve(), clock, letterTopic), Guid.NewGuid(), logger),
            PostgresStore s => new PostgresDelivery(s, clock, logger, rotation, letterTopic),
            _ => throw new ArgumentOutOfRangeException(nameof(store)),
        };
}
