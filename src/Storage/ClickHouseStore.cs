using ECapture.Storage.ClickHouse;

namespace ECapture.Storage;

/// <summary>An open ClickHouse, over HTTP or in process.</summary>
public sealed class ClickHouseStore : Store
{
    internal ClickHouseStore(StoreAddress address, IClickHouse engine)
        : base(address) => Engine = engine;

    /// <summary>The engine; the address's database is the current one.</summary>
    public IClickHouse Engine { get; }

    /// <inheritdoc/>
    public override Task PingAsync(CancellationToken cancellationToken) => Engine.ExecuteAsync("SELECT 1 FORMAT Null", cancellationToken);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => Engine.DisposeAsync();
}
