namespace ECapture.Sink.ClickHouse;

/// <summary>Rows that are stored whole or not at all: those of one table and one day.</summary>
public abstract class Block
{
    /// <summary>Name within the batch, the same in every replay: table and day.</summary>
    public abstract string Name { get; }

    /// <summary>Rows.</summary>
    public abstract int Rows { get; }

    /// <summary>True when its rows can be written in parts.</summary>
    public virtual bool CanSplit => false;

    /// <summary>Its rows, to be written in parts.</summary>
    public virtual IBlockParts Split() => throw new InvalidOperationException($"{Name} has no parts");
}
