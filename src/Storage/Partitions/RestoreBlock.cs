using ECapture.Storage.Tables;

namespace ECapture.Storage.Partitions;

/// <summary>Rows on their way back into a table, in the form that the store takes.</summary>
public sealed class RestoreBlock
{
    internal RestoreBlock(NativeBlock native) => Native = native;

    internal RestoreBlock(CopyBuffer copy) => Copy = copy;

    internal NativeBlock? Native { get; }

    internal CopyBuffer? Copy { get; }

    /// <summary>Rows added.</summary>
    public int Rows => Native?.Rows ?? Copy!.Rows;

    /// <summary>The table.</summary>
    public EventTable Table => Native?.Table ?? Copy!.Table;

    /// <summary>Adds a row.</summary>
    public void Add(in EventRow row)
    {
        Native?.Append(row);
        Copy?.Append(row);
    }

    /// <summary>Forgets the rows.</summary>
    public void Clear()
    {
        Native?.Clear();
        Copy?.Clear();
    }
}
