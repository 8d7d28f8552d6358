using ECapture.Sink.Delivery;

namespace ECapture.Sink.ClickHouse;

/// <summary>A batch that is a list of blocks.</summary>
public abstract class BlockBatch : Batch
{
    /// <summary>The blocks that hold rows, in an order that depends on nothing but the rows.</summary>
    public abstract IEnumerable<Block> Blocks { get; }
}
