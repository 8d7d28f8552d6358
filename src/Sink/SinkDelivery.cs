using ECapture.Sink.ClickHouse;
using ECapture.Sink.Delivery;
using ECapture.Sink.Postgres;
using ECapture.Storage;
using Microsoft.Extensions.Logging;

namespace ECapture.Sink;

/// <summary>Chooses the delivery protocol of a store.</summary>
public static class SinkDelivery
{
    /// <summary>The protocol of a store that was opened for writing.</summary>
    public static IDelivery For(Store store, TimeProvider clock, ILogger logger) => store switch
    {
        ClickHouseStore s => new PlannedDelivery(new ClickHousePlanStore(s.Engine, clock), Guid.NewGuid(), logger),
        PostgresStore s => new PostgresDelivery(s, clock),
        _ => throw new ArgumentOutOfRangeException(nameof(store)),
    };
}
