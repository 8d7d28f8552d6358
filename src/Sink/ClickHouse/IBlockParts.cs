namespace ECapture.Sink.ClickHouse;

/// <summary>The rows of a block that the store refused as a whole, to be written in parts.</summary>
public interface IBlockParts
{
    /// <summary>Rows.</summary>
    int Count { get; }

    /// <summary>Where a row was read.</summary>
    long OffsetOf(int row);

    /// <summary>A block of some of the rows.</summary>
    Block Part(int first, int count);

    /// <summary>A row as a dead letter.</summary>
    /// <param name="row">Which.</param>
    /// <param name="error">What the store said.</param>
    Block Refusal(int row, string error);
}
