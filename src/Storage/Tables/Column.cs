namespace ECapture.Storage.Tables;

/// <summary>
/// A column of an event table: its name and type in both stores, and how its value is taken from an event and written. One
/// definition serves ClickHouse's Native blocks and PostgreSQL's binary COPY.
/// </summary>
public abstract class Column
{
    private protected Column(string name, string clickHouseType, string postgresType, bool isNullable = false)
    {
        Name = name;
        ClickHouseType = clickHouseType;
        PostgresType = postgresType;
        IsNullable = isNullable;
    }

    /// <summary>The name in both stores.</summary>
    public string Name { get; }

    /// <summary>The type as ClickHouse's system.columns names it.</summary>
    public string ClickHouseType { get; }

    /// <summary>The type as PostgreSQL's information_schema names it.</summary>
    public string PostgresType { get; }

    /// <summary>True when PostgreSQL's column takes null.</summary>
    public bool IsNullable { get; }

    /// <summary>True when parts of its text are indexed in small letters (schemas/*/072_text.sql).</summary>
    public bool HasTextIndex { get; init; }

    /// <summary>The type in a block: LowCardinality is made by the engine from plain values, at no cost.</summary>
    internal string NativeType => ClickHouseType.StartsWith("LowCardinality(", StringComparison.Ordinal)
        ? ClickHouseType["LowCardinality(".Length..^1]
        : ClickHouseType;

    /// <summary>Appends the value in ClickHouse's Native format (https://clickhouse.com/docs/interfaces/formats/Native).</summary>
    internal abstract void AppendNative(in EventRow row, NativeColumn column);

    /// <summary>Appends the value in PostgreSQL's binary COPY format (documentation of COPY, "Binary Format").</summary>
    internal abstract void AppendCopy(in EventRow row, ByteBuffer tuple);
}
