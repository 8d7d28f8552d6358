namespace ECapture.Storage;

/// <summary>The kinds of store.</summary>
public enum StoreKind
{
    /// <summary>A ClickHouse server over HTTP.</summary>
    ClickHouse,

    /// <summary>The ClickHouse engine inside this process, on a directory of its own.</summary>
    ClickHouseInProcess,

    /// <summary>A PostgreSQL server.</summary>
    Postgres,
}
