namespace ECapture.Storage.ClickHouse;

/// <summary>A ClickHouse engine refused a statement.</summary>
public sealed class ClickHouseException : StoreException
{
    /// <summary>Creates the exception.</summary>
    public ClickHouseException(string message, int code, bool isTransient = false, Exception? inner = null)
        : base(message, isTransient, inner) => Code = code;

    /// <summary>ClickHouse's error code: 60 no such table, 81 no such database, 516 wrong password, … 0 when it gave none.</summary>
    public int Code { get; }
}
