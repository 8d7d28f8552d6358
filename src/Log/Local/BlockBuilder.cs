namespace ECapture.Log.Local;

/// <summary>Collects the records of one partition until they are stored as a block.</summary>
internal sealed class BlockBuilder
{
    private byte[] _bytes = new byte[4096];
    private int _length;

    public int Records { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>True when the record should go to the next block.</summary>
    public bool IsFullFor(int bytes) =>
        Records > 0 && (_length + bytes > Block.TargetBytes || Records == Block.MaxRecords);

    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        int needed = _length + key.Length + value.Length + Block.MaxOverhead;
        if (needed > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(needed, Math.Min(_bytes.Length * 2, Block.TargetBytes + Block.MaxOverhead)));
        }

        _length += Block.Write(_bytes.AsSpan(_length), key, value);
        Records++;
    }

    public void Clear()
    {
        _length = 0;
        Records = 0;
        if (_bytes.Length > 2 * Block.TargetBytes)
        {
            _bytes = new byte[Block.TargetBytes + Block.MaxOverhead]; // one giant record must not stay in memory
        }
    }
}
