namespace ECapture.Storage.Tables;

/// <summary>The values of one column of a block.</summary>
internal sealed class NativeColumn(BufferPool pool)
{
    /// <summary>One byte per row of a Nullable column, 1 for null; comes before the values.</summary>
    public ByteBuffer Nulls { get; } = new(pool);

    /// <summary>The values.</summary>
    public ByteBuffer Values { get; } = new(pool);
}
