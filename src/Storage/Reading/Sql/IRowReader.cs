namespace ECapture.Storage.Reading.Sql;

/// <summary>Rows of a result, one at a time. What spans refer to holds until the next <see cref="ReadAsync"/>.</summary>
internal interface IRowReader : IAsyncDisposable
{
    ValueTask<bool> ReadAsync(CancellationToken cancellationToken);

    bool IsNull(int column);

    /// <summary>A number; signed ones as their two's complement.</summary>
    ulong Number(int column);

    Guid Uuid(int column);

    /// <summary>Nanoseconds of the Unix epoch.</summary>
    long Time(int column);

    /// <summary>Text or bytes.</summary>
    ReadOnlySpan<byte> Bytes(int column);
}
